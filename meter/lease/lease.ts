import { type Clock, type Moment, later, msUntil } from "../clock.ts";
import type { Extension, LeaseState, Post } from "../journal/entries.ts";
import type { Journal } from "../journal/journal.ts";
import type { Source } from "../sources/source.ts";
import type { Ledger, Opened, Outcome } from "./ledger.ts";
import type { Line } from "./line.ts";
import { type LineBooks, coveredSeconds, firstUnits, missingUnits, unpostedUnits } from "./plan.ts";
import { type Timing, endsBeforeSeconds, extendsBelowSeconds, longestNsOf } from "./timing.ts";
import { type Flag, NOTHING_YET, advance } from "./totals.ts";

export interface LeaseDeps {
  readonly journal: Journal;
  readonly ledger: Ledger;
  /** by line */
  readonly sources: ReadonlyMap<string, Source>;
  readonly timing: Timing;
  /** by line: what else the machine shows, which the journal keeps and no price depends on */
  readonly evidence: () => Promise<LineEvidence>;
  readonly now: Clock;
  /** the wall clock: only for the times that events show */
  readonly time: () => Date;
  /** Tells the user. */
  readonly say: (line: string) => void;
}

export type LineEvidence = Readonly<Record<string, Record<string, string>>>;

/** One workload's measured use, turned into a hold and captures of it. */
export interface Lease {
  readonly state: LeaseState;
  /** Sets the first credits aside. Sends the same request again after a crash. */
  open(): Promise<Outcome<Opened>>;
  /**
   * Measures once, and writes down what came of it with the capture that follows. The last time, the
   * workload has ended: what was set aside for it counts up to the moment it was last seen.
   */
  measure(options?: { readonly lastSeen: Moment | null }): Promise<void>;
  /** Sends the capture that is not answered yet, if there is one. Returns whether none is left. */
  settle(): Promise<boolean>;
  /** Lets the hold reach further, if it has to. */
  extend(): Promise<void>;
  /** Returns what is still held. */
  release(): Promise<boolean>;
  /** When the workload has to be told to end, so that all it uses is held; and why then. */
  endsBy(): { readonly at: Moment; readonly why: Ending };
}

/** Why a lease ended. */
export type Ending =
  "workload_ended" | "stopped" | "credit_ended" | "server_unreachable" | "hold_ended";

/** A lease over a journal that has one. Each step writes to the journal before it sends. */
export function createLease(deps: LeaseDeps): Lease {
  const { journal, ledger, sources, timing, now, time, say } = deps;
  const state = (): LeaseState => {
    if (journal.state === null) throw new Error("the journal has no lease");
    return journal.state;
  };
  /** a lease without a hold has to end */
  let isHoldOver = false;
  /** what keeps the hold from reaching further */
  let bound: Ending = "server_unreachable";

  const holdId = (number: number) => `${state().lease}/${number}`;

  async function open(): Promise<Outcome<Opened>> {
    const { lines, holdNumber } = state();
    if (state().opening === null) {
      const units = Object.fromEntries(
        books(state()).map((some) => [some.line.id, firstUnits(some, timing.reachSeconds)]),
      );
      const ttlSeconds = timing.reachSeconds;
      const opening = { number: holdNumber + 1, at: now(), units, ttlSeconds };
      await journal.append({ is: "opening", opening });
    }
    const { opening } = state();
    if (opening === null) throw new Error("the journal lost a hold's request");
    const outcome = await ledger.open({
      id: holdId(opening.number),
      ttlSeconds: opening.ttlSeconds,
      lines: lines.map(({ id, meter, dimensions }) => ({
        id,
        meter,
        dimensions,
        quantity: opening.units[id] ?? 0n,
      })),
    });
    if (outcome.is === "done") {
      await journal.append({ is: "opened", ...outcome.answer });
      isHoldOver = false;
    }
    if (outcome.is === "refused") {
      await journal.append({ is: "not_opened", reason: outcome.reason });
    }
    note(outcome);
    return outcome;
  }

  /** Remembers what keeps the hold from reaching further. */
  function note(outcome: Outcome<unknown>): void {
    if (outcome.is === "unknown") bound = "server_unreachable";
    if (outcome.is === "refused") bound = outcome.isUnpaid ? "credit_ended" : "hold_ended";
  }

  async function measure(last?: { readonly lastSeen: Moment | null }): Promise<void> {
    const { lines } = state();
    const readings = await Promise.all(
      lines.map(({ id }) => sources.get(id)?.read() ?? Promise.resolve(null)),
    );
    const at = last === undefined ? now() : lastMoment(last.lastSeen, state().sampledAt, now());
    const longestNs = longestNsOf(timing);
    const totals: LeaseState["totals"] = {};
    const flags: Record<string, Flag> = {};
    for (const [index, { id, kind }] of lines.entries()) {
      const before = state().totals[id] ?? NOTHING_YET;
      const reading = readings[index] ?? null;
      const { total, flag } = advance(kind, before, { reading, at, longestNs });
      totals[id] = total;
      if (flag !== null) flags[id] = flag;
    }
    for (const [id, flag] of Object.entries(flags)) say(`${id}: ${FLAG_MEANINGS[flag]}`);
    const stamp = time().toISOString();
    const evidence = { ...(await deps.evidence()) };
    const next = nextPost({ ...state(), totals }, stamp, last !== undefined);
    const post = next === null ? null : withSeen(next, evidence);
    await journal.append({ is: "sample", at, time: stamp, totals, flags, evidence, post });
  }

  async function settle(): Promise<boolean> {
    const { pending: post, holdNumber } = state();
    if (post === null) return true;
    const { seq, lines, isFinal, usedUpTo } = post;
    const hold = holdId(holdNumber);
    const { parties } = state();
    const outcome = await ledger.capture({ hold, lines, isFinal, usedUpTo, parties });
    if (outcome.is === "unknown") return false;
    if (outcome.is === "done") {
      journal.note({ is: "charged", seq });
      return true;
    }
    isHoldOver = true;
    return await reportLate(post, outcome.reason);
  }

  /** Charges what a hold that has ended cannot: it was used while it was held. */
  async function reportLate(post: Post, why: string): Promise<boolean> {
    const { lines, parties } = state();
    const events = lines.flatMap(({ id, meter, dimensions }) => {
      const part = post.lines[id];
      if (part === undefined) return [];
      const { eventId, ...rest } = part;
      return [{ id: eventId, time: post.usedUpTo, meter, dimensions, ...rest }];
    });
    const outcome =
      why === "hold_resolved" && parties !== null
        ? await ledger.report(events, parties)
        : ({ is: "refused", reason: why } as const);
    if (outcome.is === "unknown") return false;
    if (outcome.is === "done") {
      journal.note({ is: "charged", seq: post.seq });
    } else {
      say(`not charged, because the ledger refused: ${outcome.reason}`);
      journal.note({ is: "lost", seq: post.seq, reason: outcome.reason });
    }
    return true;
  }

  async function extend(): Promise<void> {
    if (state().opening !== null) return await renew();
    if (state().extension === null) {
      const extension = nextExtension();
      if (extension === null) return;
      await journal.append({ is: "extending", extension });
    }
    const outcome = await sendExtension();
    if (outcome?.is !== "refused") return;
    if (outcome.reason === "too_many_extensions") return await renew();
    if (!outcome.isUnpaid) return;
    // What is held may cover more time: a workload seldom uses the most that it can.
    const extension = timeOnly();
    if (extension === null) return;
    await journal.append({ is: "extending", extension });
    await sendExtension();
    note(outcome);
  }

  /** Opens the next hold. Captures are charged from one hold, so the last of the old comes first. */
  async function renew(): Promise<void> {
    if (!(await settle())) return;
    const outcome = await open();
    if (outcome.is === "refused") say(`no further hold: ${outcome.said}`);
    await releaseOld();
  }

  async function releaseOld(): Promise<boolean> {
    const { oldHold } = state();
    if (oldHold === null) return true;
    const outcome = await ledger.release(holdId(oldHold));
    if (outcome.is === "unknown") return false;
    journal.note({ is: "released" });
    return true;
  }

  async function sendExtension(): Promise<Outcome<object> | null> {
    const { extension, holdNumber } = state();
    if (extension === null) return null;
    const { id, addUnits, ttlSeconds } = extension;
    const hold = holdId(holdNumber);
    const outcome = await ledger.extend({ hold, id, addUnits, ttlSeconds });
    if (outcome.is === "done") journal.note({ is: "extended", id });
    if (outcome.is === "refused") {
      say(`the hold was not extended: ${outcome.said}`);
      journal.note({ is: "not_extended", id, reason: outcome.reason });
    }
    note(outcome);
    return outcome;
  }

  function nextExtension(): Extension | null {
    const { reachSeconds } = timing;
    const reach = coveredSeconds(books(state()), secondsLeft());
    if (isHoldOver || reach >= extendsBelowSeconds(timing)) return null;
    const addUnits = Object.fromEntries(
      books(state())
        .map((some) => [some.line.id, missingUnits(some, reachSeconds)] as const)
        .filter(([, units]) => units > 0n),
    );
    return extensionOf(reachSeconds, addUnits);
  }

  function timeOnly(): Extension | null {
    const covered = coveredSeconds(books(state()), timing.reachSeconds);
    return covered < secondsLeft() + timing.intervalSeconds ? null : extensionOf(covered, {});
  }

  function extensionOf(ttlSeconds: number, addUnits: Record<string, bigint>): Extension {
    const { lease, extensions } = state();
    return { id: `${lease}/extension/${extensions + 1}`, at: now(), ttlSeconds, addUnits };
  }

  /** Whole seconds until the hold ends, rounded down. */
  function secondsLeft(): number {
    const { endsAt } = state();
    return endsAt === null ? 0 : Math.floor(msUntil(endsAt, now()) / 1_000);
  }

  function endsBy(): { at: Moment; why: Ending } {
    const { endsAt, sampledAt } = state();
    const at = now();
    if (endsAt === null || isHoldOver) return { at, why: "hold_ended" };
    const covered = coveredSeconds(books(state()), timing.reachSeconds);
    const coveredUntil = later(sampledAt ?? at, covered);
    // What covers a whole reach covers more than that, too.
    const isShort = covered < timing.reachSeconds && coveredUntil.ns < endsAt.ns;
    return { at: later(isShort ? coveredUntil : endsAt, -endsBeforeSeconds(timing)), why: bound };
  }

  return {
    get state() {
      return state();
    },
    open,
    measure,
    settle,
    extend,
    endsBy,
    async release() {
      if (!(await releaseOld())) return false;
      const { holdNumber } = state();
      if (holdNumber === 0) return true;
      return (await ledger.release(holdId(holdNumber))).is !== "unknown";
    },
  };
}

const FLAG_MEANINGS: Readonly<Record<Flag, string>> = {
  reset: "the counter began anew; what it counted before the first reading is not charged",
  gap: "no reading for longer than usual; charged at the lower end",
  unread: "could not be read",
};

/** When a workload was last seen: no earlier than its last reading. */
function lastMoment(seen: Moment | null, sampled: Moment | null, at: Moment): Moment {
  if (sampled === null) return seen ?? at;
  if (seen === null || seen.clock !== sampled.clock) return sampled;
  return seen.ns > sampled.ns ? seen : sampled;
}

function books({ lines, heldUnits, postedUnits, totals }: LeaseState): readonly LineBooks[] {
  return lines.map((line: Line) => ({
    line,
    heldUnits: heldUnits[line.id] ?? 0n,
    postedUnits: postedUnits[line.id] ?? 0n,
    usedAmount: totals[line.id]?.amount ?? 0n,
  }));
}

/** Puts what the machine showed of a line beside its units. */
function withSeen(post: Post, evidence: LineEvidence): Post {
  const lines = Object.entries(post.lines).map(([id, part]) => {
    const seen = evidence[id];
    const isEmpty = seen === undefined || Object.keys(seen).length === 0;
    return [id, isEmpty ? part : { ...part, seen }] as const;
  });
  return { ...post, lines: Object.fromEntries(lines) };
}

/** The next capture, unless one is on its way: that one's content is frozen. */
function nextPost(state: LeaseState, usedUpTo: string, isFinal: boolean): Post | null {
  if (state.pending !== null) return null;
  const { lease, epoch } = state;
  const seq = state.seq + 1;
  const parts = books(state).flatMap((some) => {
    const quantity = unpostedUnits(some);
    const { id } = some.line;
    if (quantity === 0n) return [];
    return [[id, { eventId: `${lease}/${id}/${epoch}/${seq}`, quantity }] as const];
  });
  return parts.length === 0 ? null : { seq, lines: Object.fromEntries(parts), isFinal, usedUpTo };
}
