import { createHash } from "node:crypto";

import type { Hex } from "viem";

import { jsonText } from "@compute-credits/protocol/jsonText";

import { byteaArray, numberArray, textArray } from "@compute-credits/platform/postgres/values";
import type { LogEntry } from "@compute-credits/rules/log/logEntry";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import type { LogSource, PublishedCut } from "../log/logSource.ts";
import { Entry } from "@compute-credits/rules/log/logEntrySchema";
import { eventName } from "../replay/auditState.ts";
import { type EventName, type Finding, textOfDifference, textOfEvent } from "../replay/finding.ts";
import { textOf } from "../replay/prices.ts";
import { sees } from "../replay/snapshot.ts";

/** Entries that move money by themselves, and promises: what an auditor remembers to have seen before a checkpoint holds it. */
type Witnessed = Extract<LogEntry, { kind: "debit" | "void" | "receipt" }>;

function witnessedIn(entries: readonly LogEntry[]): Witnessed[] {
  return entries.filter(
    (entry) => entry.kind === "debit" || entry.kind === "void" || entry.kind === "receipt",
  );
}

function nameOf(entry: Witnessed): string {
  // A provider has many receipts, and they have no names.
  const of = entry.kind === "receipt" ? { ...entry, id: `${entry.order}` } : entry;
  return `${entry.kind} ${eventName(of)}`;
}

function hashOf(entry: LogEntry): Hex {
  return `0x${createHash("sha256").update(textOf(entry)).digest("hex")}`;
}

/** How far the log was looked at ahead of the checkpoints. */
export interface WitnessPosition {
  /** the newest cut that there was */
  readonly cut: bigint;
  readonly snapshot: string | null;
}

/**
 * Remembers what the log says now, beyond the newest cut: whoever takes it out again before it is settled is found out.
 * The position to go on from.
 */
export async function witness(
  database: Database,
  source: LogSource,
  from: WitnessPosition,
): Promise<WitnessPosition> {
  let upTo: string | null = null;
  let cursor: string | null = null;
  do {
    // oxlint-disable-next-line no-await-in-loop -- page after page
    const page = await source.page({ since: from.snapshot, upTo }, cursor);
    const seen = witnessedIn(page.entries);
    if (seen.length > 0) {
      // oxlint-disable-next-line no-await-in-loop
      await database.query(
        `insert into witnessed (name, log_order, hash, body, after_cut)
         select *, $5::bigint from unnest($1::text[], $2::bigint[], $3::bytea[], $4::jsonb[]) on conflict do nothing`,
        [
          textArray(seen.map(nameOf)),
          numberArray(seen.map(({ order }) => order)),
          byteaArray(seen.map(hashOf)),
          textArray(seen.map(jsonText)),
          from.cut,
        ],
      );
    }
    ({ upTo, next: cursor } = page);
  } while (cursor !== null);
  return { cut: from.cut, snapshot: upTo };
}

interface WitnessRecord {
  readonly name: string;
  readonly hash: Hex;
  readonly body: unknown;
}

/** Compares what a checkpoint holds with what was seen before, and forgets what is as it was. */
export async function compareWitnessed(tx: Sql, entries: readonly LogEntry[]): Promise<Finding[]> {
  const now = new Map(witnessedIn(entries).map((entry) => [nameOf(entry), entry]));
  if (now.size === 0) return [];
  const records = await tx.query<WitnessRecord>(
    "delete from witnessed where name = any($1::text[]) returning name, hash, body",
    [textArray([...now.keys()])],
  );
  return records.flatMap(({ name, hash, body }): Finding[] => {
    const entry = now.get(name);
    if (entry === undefined || hashOf(entry) === hash) return [];
    const before = asWitnessed(body);
    const differenceMicros = amountOf(entry) - amountOf(before);
    return [
      {
        kind: entry.kind === "receipt" ? "receipt_changed" : "event_changed",
        party: partyOf(before),
        event: eventOf(entry),
        expected: textOf(before),
        actual: textOf(entry),
        differenceMicros,
        text: `${textOfWitnessed(entry)} is not what the log said before: ${amountOf(before)} micro-credits then, ${amountOf(entry)} now (${textOfDifference(differenceMicros)})`,
      },
    ];
  });
}

/** What was seen, and is not in the checkpoint that had to hold it. `cuts`: all up to that one, oldest first. */
export async function findDropped(
  tx: Sql,
  cut: PublishedCut,
  previousCut: bigint | null,
): Promise<Finding[]> {
  const records = await tx.query<WitnessRecord & { after_cut: bigint }>(
    "select name, hash, body, after_cut from witnessed where after_cut < $1 order by log_order",
    [cut.id],
  );
  return records.flatMap(({ body, after_cut: afterCut }): Finding[] => {
    const entry = asWitnessed(body);
    // A cut may have begun before it, and be told of after it; the one after that can't have.
    const isOverdue = previousCut !== null && afterCut < previousCut;
    if (!isOverdue && (cut.snapshot === null || !sees(cut.snapshot, entry.transaction))) return [];
    const amount = amountOf(entry);
    return [
      {
        kind: entry.kind === "receipt" ? "receipt_dropped" : "event_dropped",
        // Whoever would have been paid; a void that is gone wrongs whoever would have got it back.
        party: entry.provider,
        event: eventOf(entry),
        expected: `${entry.kind} of ${amount}`,
        actual: "0",
        differenceMicros: -amount,
        text: `the ${entry.kind} of ${textOfWitnessed(entry)}, ${amount} micro-credits, was in the log and is gone`,
      },
    ];
  });
}

function asWitnessed(body: unknown): Witnessed {
  const [entry] = witnessedIn([Entry.parse(body)]);
  if (entry === undefined) throw new Error("only debits and voids are remembered");
  return entry;
}

function eventOf(entry: Witnessed): EventName | null {
  return entry.kind === "receipt" ? null : { provider: entry.provider, id: entry.id };
}

function textOfWitnessed(entry: Witnessed): string {
  return entry.kind === "receipt"
    ? `what ${entry.provider} had earned by ${entry.at.toISOString()}`
    : textOfEvent(entry);
}

function partyOf(entry: Witnessed) {
  return entry.kind === "debit" ? (entry.charges[0]?.account ?? null) : entry.provider;
}

function amountOf(entry: Witnessed): bigint {
  if (entry.kind === "void") return entry.amountMicros;
  if (entry.kind === "receipt") return entry.earned;
  return entry.charges.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
}
