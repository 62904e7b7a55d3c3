import { createHash } from "node:crypto";

import type { Hex } from "viem";

import { jsonText } from "@compute-credits/protocol/jsonText";

import { byteaArray, numberArray, textArray } from "@compute-credits/platform/postgres/values";
import type { LogEntry } from "@compute-credits/rules/log/logEntry";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import type { LogSource, PublishedCut } from "../log/logSource.ts";
import { Entry } from "@compute-credits/rules/log/logEntrySchema";
import { eventKey } from "@compute-credits/rules/usage/decideDebits";
import {
  type EventId,
  type Finding,
  describeDifference,
  describeEvent,
} from "../replay/finding.ts";
import { canonicalText } from "@compute-credits/rules/log/canonicalText";
import { isVisible } from "../replay/snapshot.ts";

/**
 * The entries that an auditor records before a checkpoint holds them: charges, voids and receipts.
 */
type Witnessed = Extract<LogEntry, { kind: "debit" | "void" | "receipt" }>;

function witnessedIn(entries: readonly LogEntry[]): Witnessed[] {
  return entries.filter(
    (entry) => entry.kind === "debit" || entry.kind === "void" || entry.kind === "receipt",
  );
}

function keyOf(entry: Witnessed): string {
  // Receipts have no id: the log order identifies them.
  const named = entry.kind === "receipt" ? { ...entry, id: `${entry.order}` } : entry;
  return `${entry.kind} ${eventKey(named)}`;
}

function hashOf(entry: LogEntry): Hex {
  return `0x${createHash("sha256").update(canonicalText(entry)).digest("hex")}`;
}

/** The position up to which the log beyond the newest checkpoint was recorded. */
export interface WitnessPosition {
  /** the newest cut at that time; 0 before the first */
  readonly cut: bigint;
  readonly snapshot: string | null;
  /** of the newest entry that the log had; `null` if none is known */
  readonly transaction: bigint | null;
}

/** The newest recorded transaction, from before a restart. */
export async function newestWitnessed(sql: Sql): Promise<bigint | null> {
  // Plan: a scan; what is witnessed is not in a checkpoint yet.
  const [found] = await sql.query<{ newest: bigint | null }>(
    "select max((body->>'transaction')::bigint) as newest from witnessed",
  );
  return found?.newest ?? null;
}

/**
 * Records the log's entries beyond the newest cut and returns the position to resume from. A server
 * can then not remove or change them unnoticed before a checkpoint holds them.
 */
export async function witness(
  database: Database,
  source: LogSource,
  from: WitnessPosition,
): Promise<WitnessPosition> {
  let upTo: string | null = null;
  let { transaction } = from;
  let cursor: string | null = null;
  do {
    // oxlint-disable-next-line no-await-in-loop -- each page names the next
    const page = await source.page({ since: from.snapshot, upTo }, cursor, from.transaction);
    const seen = witnessedIn(page.entries);
    if (seen.length > 0) {
      // oxlint-disable-next-line no-await-in-loop
      await database.query(
        `insert into witnessed (name, log_order, hash, body, after_cut)
         select *, $5::bigint from unnest($1::text[], $2::bigint[], $3::bytea[], $4::jsonb[]) on conflict do nothing`,
        [
          textArray(seen.map(keyOf)),
          numberArray(seen.map(({ order }) => order)),
          byteaArray(seen.map(hashOf)),
          textArray(seen.map(jsonText)),
          from.cut,
        ],
      );
    }
    for (const entry of page.entries) {
      if (transaction === null || entry.transaction > transaction) transaction = entry.transaction;
    }
    ({ upTo, next: cursor } = page);
  } while (cursor !== null);
  return { cut: from.cut, snapshot: upTo, transaction };
}

interface WitnessRecord {
  readonly name: string;
  readonly hash: Hex;
  readonly body: unknown;
}

/** Compares a checkpoint's entries with the recorded ones, then deletes these records. */
export async function compareWitnessed(tx: Sql, entries: readonly LogEntry[]): Promise<Finding[]> {
  const now = new Map(witnessedIn(entries).map((entry) => [keyOf(entry), entry]));
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
        expected: canonicalText(before),
        actual: canonicalText(entry),
        differenceMicros,
        text: `${describeWitnessed(entry)} changed after it was in the log: ${amountOf(before)} micro-credits before, ${amountOf(entry)} now (${describeDifference(differenceMicros)})`,
      },
    ];
  });
}

/** Finds recorded entries that are missing from the checkpoint that should hold them. */
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
    // A cut may have started before the entry and be published after it; the next cut cannot.
    const isOverdue = previousCut !== null && afterCut < previousCut;
    if (!isOverdue && (cut.snapshot === null || !isVisible(cut.snapshot, entry.transaction)))
      return [];
    const amount = amountOf(entry);
    return [
      {
        kind: entry.kind === "receipt" ? "receipt_dropped" : "event_dropped",
        // A missing debit or receipt harms the provider. A missing void harms the payers, whom the
        // entry does not name.
        party: entry.provider,
        event: eventOf(entry),
        expected: `${entry.kind} of ${amount}`,
        actual: "0",
        differenceMicros: -amount,
        text: `the ${entry.kind} of ${describeWitnessed(entry)}, ${amount} micro-credits, was removed from the log`,
      },
    ];
  });
}

function asWitnessed(body: unknown): Witnessed {
  const [entry] = witnessedIn([Entry.parse(body)]);
  if (entry === undefined) throw new Error("only debits, voids and receipts are recorded");
  return entry;
}

function eventOf(entry: Witnessed): EventId | null {
  return entry.kind === "receipt" ? null : { provider: entry.provider, id: entry.id };
}

function describeWitnessed(entry: Witnessed): string {
  return entry.kind === "receipt"
    ? `what ${entry.provider} had earned by ${entry.at.toISOString()}`
    : describeEvent(entry);
}

function partyOf(entry: Witnessed) {
  return entry.kind === "debit" ? (entry.charges[0]?.account ?? null) : entry.provider;
}

function amountOf(entry: Witnessed): bigint {
  if (entry.kind === "void") return entry.amountMicros;
  if (entry.kind === "receipt") return entry.earned;
  return entry.charges.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
}
