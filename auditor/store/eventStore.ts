import type { Hex } from "viem";

import { jsonText } from "@compute-credits/protocol/jsonText";
import {
  booleanArray,
  nullableTextArray,
  numberArray,
  packedBytes,
  packedColumn,
  textArray,
} from "@compute-credits/platform/postgres/values";
import { sqlState } from "@compute-credits/platform/postgres/databaseUnavailable";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { StoredOthers } from "@compute-credits/rules/log/storedJson";
import type { AuditState, AuditedEvent } from "../replay/auditState.ts";

/** Thrown if an event that was added to the state is stored already: its log has it twice. */
export class EventDoubled extends Error {
  override readonly name = "EventDoubled";
}

const UNIQUE_VIOLATION = "23505";

interface EventRecord {
  readonly name: string;
  readonly recorded_at_ms: bigint;
  readonly taken_at_ms: bigint | null;
  readonly account: Hex;
  readonly allowance: Hex;
  readonly amount_micros: bigint;
  readonly fee_micros: bigint;
  readonly others: unknown;
  readonly cut: bigint;
  readonly voided: boolean;
}

const NO_OTHERS = { charges: [], tierUnits: [], takenAts: undefined };

/** Loads the events of these names, if they are stored. */
export async function loadEvents(
  sql: Sql,
  state: AuditState,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return;
  const records = await sql.query<EventRecord>(
    "select * from events where name = any($1::text[])",
    [textArray(names)],
  );
  for (const record of records) state.events.set(record.name, toEvent(record));
}

function toEvent(record: EventRecord): AuditedEvent {
  const recordedAt = new Date(Number(record.recorded_at_ms));
  const { charges, tierUnits, takenAts } =
    record.others === null ? NO_OTHERS : StoredOthers.parse(record.others);
  const first = {
    account: record.account,
    allowance: record.allowance,
    amountMicros: record.amount_micros,
    feeMicros: record.fee_micros,
  };
  return {
    recordedAt,
    takenAt: record.taken_at_ms === null ? recordedAt : new Date(Number(record.taken_at_ms)),
    takenAts,
    tierUnits,
    charges: [first, ...charges],
    cut: record.cut,
    voided: record.voided,
  };
}

/** Saves events of one page while the next one is replayed. */
export interface EventSaver {
  /** Takes the state's new and changed events, which may then be evicted once they are sent. */
  take(state: AuditState): void;
  /** Sends what was taken, once all before it is saved. */
  send(): Promise<void>;
  /** Resolves once all that was sent is saved. */
  saved(): Promise<void>;
}

/** Its promises reject with `EventDoubled` if a new event is stored already. */
export function createEventSaver(sql: Sql): EventSaver {
  let taken: (() => Promise<void>) | null = null;
  let sending: Promise<void> = Promise.resolve();
  return {
    take(state) {
      const { added, changed } = state.takeEvents();
      const inserted = eventsOf(state, added);
      const updated = eventsOf(state, changed);
      const [insert, update] = [columnsOf(inserted), columnsOf(updated)];
      taken = async () => {
        if (inserted.length > 0) await sql.query(INSERT, insert);
        if (updated.length > 0) await sql.query(UPDATE, update);
      };
    },
    async send() {
      await sending;
      sending = taken === null ? sending : taken().catch(toDoubled);
      taken = null;
      sending.catch(() => undefined);
    },
    saved: () => sending,
  };
}

function toDoubled(error: unknown): never {
  if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
  throw new EventDoubled("an event is in the log twice", { cause: error });
}

/** SQL: the given events. Addresses and ids are packed, which PostgreSQL parses faster. */
const GIVEN = `(
  select name, recorded_at_ms, taken_at_ms, ${packedColumn("$4", "n", 20)} as account,
    ${packedColumn("$5", "n", 32)} as allowance, amount_micros, fee_micros, others, cut, voided
  from unnest($1::text[], $2::bigint[], $3::bigint[], $6::bigint[], $7::bigint[], $8::jsonb[],
    $9::bigint[], $10::boolean[]) with ordinality
    as listed (name, recorded_at_ms, taken_at_ms, amount_micros, fee_micros, others, cut, voided, n)
) as given`;

const INSERT = `insert into events (name, recorded_at_ms, taken_at_ms, account, allowance,
    amount_micros, fee_micros, others, cut, voided)
  select * from ${GIVEN}`;

// Plan: events by primary key.
const UPDATE = `update events set recorded_at_ms = given.recorded_at_ms,
    taken_at_ms = given.taken_at_ms, account = given.account, allowance = given.allowance,
    amount_micros = given.amount_micros, fee_micros = given.fee_micros, others = given.others,
    cut = given.cut, voided = given.voided
  from ${GIVEN} where events.name = given.name`;

type NamedEvent = readonly [name: string, event: AuditedEvent];

function eventsOf(state: AuditState, names: readonly string[]): NamedEvent[] {
  return names.flatMap((name): NamedEvent[] => {
    const event = state.events.get(name);
    return event === undefined ? [] : [[name, event]];
  });
}

function columnsOf(events: readonly NamedEvent[]): string[] {
  const firsts = events.map(([name, { charges }]) => {
    const [first] = charges;
    if (first === undefined) throw new Error(`the event ${name} has no charge`);
    return first;
  });
  return [
    textArray(events.map(([name]) => name)),
    numberArray(events.map(([, { recordedAt }]) => recordedAt.getTime())),
    numberArray(events.map(([, event]) => takenAtMs(event) ?? "null")),
    packedBytes(firsts.map(({ account }) => account)),
    packedBytes(firsts.map(({ allowance }) => allowance)),
    numberArray(firsts.map(({ amountMicros }) => amountMicros)),
    numberArray(firsts.map(({ feeMicros }) => feeMicros)),
    nullableTextArray(events.map(([, event]) => othersOf(event))),
    numberArray(events.map(([, { cut }]) => cut)),
    booleanArray(events.map(([, { voided }]) => voided)),
  ];
}

/** `null` if the credits were taken when the event was recorded. */
function takenAtMs({ recordedAt, takenAt }: AuditedEvent): number | null {
  const ms = takenAt.getTime();
  return ms === recordedAt.getTime() ? null : ms;
}

/** `null` if there is one charge and no tier, as of most events. */
function othersOf({ charges, tierUnits, takenAts }: AuditedEvent): string | null {
  if (charges.length === 1 && tierUnits.length === 0 && takenAts === undefined) return null;
  return jsonText({ charges: charges.slice(1), tierUnits, takenAts });
}
