import { z } from "zod";

/** A `bigint` is decimal text in the journal, because a JSON number loses digits above 2^53. */
const Amount = z
  .string()
  .regex(/^-?\d{1,60}$/)
  .transform(BigInt);

const Moment = z.object({ clock: z.string(), ns: Amount });

const Line = z.object({
  id: z.string(),
  meter: z.string(),
  dimensions: z.record(z.string(), z.string()),
  kind: z.enum(["counter", "level"]),
  unit: Amount,
  mostPerSecond: Amount,
});

const Total = z.object({
  amount: Amount,
  base: z.object({ value: Amount, epoch: z.string(), at: Moment }).nullable(),
});

/** Units by line. */
const Units = z.record(z.string(), Amount);

const Post = z.object({
  seq: z.int(),
  /** by line: the usage event's id and its units */
  lines: z.record(
    z.string(),
    z.object({
      eventId: z.string(),
      quantity: Amount,
      /** what the machine showed then, frozen like the rest; absent if it showed nothing */
      seen: z.record(z.string(), z.string()).optional(),
    }),
  ),
  isFinal: z.boolean(),
  /** when the last of it was used, as events say it */
  usedUpTo: z.string(),
});

/** A request to the ledger, exactly as it is sent, however often. */
const Opening = z.object({ number: z.int(), at: Moment, units: Units, ttlSeconds: z.int() });
const Extension = z.object({
  id: z.string(),
  at: Moment,
  addUnits: Units,
  /** from `at` on */
  ttlSeconds: z.int(),
});

const ProcessId = z.object({ pid: z.int(), startTicks: z.string() });

const Part = z.object({
  /** the first process; `null` if only a group or a container is known */
  root: ProcessId.nullable(),
  /** folders of control groups, by hierarchy */
  groups: z.record(z.string(), z.string()),
  /** whether the agent made these groups, and so may kill all that is in them */
  isOurs: z.boolean(),
  container: z.string().nullable(),
});

/** What is metered together: one part, or several of one kind that ran already. */
export const Workload = Part.extend({ others: z.array(Part).optional() });

const State = z.object({
  lease: z.string(),
  lines: z.array(Line),
  /** a request that is not answered */
  opening: Opening.nullable(),
  /** of the hold that captures are charged from, counted from 1; 0 before the first */
  holdNumber: z.int(),
  /** the hold before it, until it is released */
  oldHold: z.int().nullable(),
  /** who charges, and whom: as the ledger named them when it held */
  parties: z.object({ provider: z.string(), spender: z.string() }).nullable(),
  endsAt: Moment.nullable(),
  /** of all holds so far, without what the earlier ones returned */
  heldUnits: Units,
  extension: Extension.nullable(),
  extensions: z.int(),
  workload: Workload.nullable(),
  totals: z.record(z.string(), Total),
  /** the last reading; `null` before the first */
  sampledAt: Moment.nullable(),
  postedUnits: Units,
  /** the one capture that is not answered */
  pending: Post.nullable(),
  seq: z.int(),
  /** how often an agent took the lease up; part of each event's id */
  epoch: z.int(),
  why: z.string().nullable(),
  isOver: z.boolean(),
  isSettled: z.boolean(),
  /** units that were used and could not be charged */
  lostUnits: Units,
});

/** One line of a journal: what happened, or what is about to be sent. */
export const Entry = z.discriminatedUnion("is", [
  z.object({ is: z.literal("lease"), lease: z.string(), lines: z.array(Line) }),
  z.object({ is: z.literal("taken") }),
  z.object({ is: z.literal("opening"), opening: Opening }),
  z.object({ is: z.literal("opened"), provider: z.string(), spender: z.string() }),
  z.object({ is: z.literal("not_opened"), reason: z.string() }),
  z.object({ is: z.literal("released") }),
  z.object({ is: z.literal("extending"), extension: Extension }),
  z.object({ is: z.literal("extended"), id: z.string() }),
  z.object({ is: z.literal("not_extended"), id: z.string(), reason: z.string() }),
  z.object({ is: z.literal("workload"), workload: Workload }),
  z.object({
    is: z.literal("sample"),
    at: Moment,
    time: z.string(),
    totals: z.record(z.string(), Total),
    flags: z.record(z.string(), z.enum(["reset", "gap", "unread"])),
    /** by line: what supports it and is no part of its price, such as a GPU's utilisation */
    evidence: z.record(z.string(), z.record(z.string(), z.string())),
    post: Post.nullable(),
  }),
  z.object({ is: z.literal("charged"), seq: z.int() }),
  z.object({ is: z.literal("lost"), seq: z.int(), reason: z.string() }),
  z.object({ is: z.literal("ending"), why: z.string() }),
  z.object({ is: z.literal("over") }),
  z.object({ is: z.literal("settled") }),
  z.object({ is: z.literal("state"), state: State }),
]);

export type Entry = z.output<typeof Entry>;
export type LeaseState = Readonly<z.output<typeof State>>;
export type Post = Readonly<z.output<typeof Post>>;
export type Extension = Readonly<z.output<typeof Extension>>;
export type Opening = Readonly<z.output<typeof Opening>>;
export type WorkloadRecord = Readonly<z.output<typeof Workload>>;
export type WorkloadPart = Readonly<z.output<typeof Part>>;

export function partsOf({ others = [], ...first }: WorkloadRecord): readonly WorkloadPart[] {
  return [first, ...others];
}
export type ProcessId = Readonly<z.output<typeof ProcessId>>;
