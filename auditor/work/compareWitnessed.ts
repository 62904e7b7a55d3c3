import type { Hex } from "viem";

import { jsonText } from "@compute-credits/protocol/jsonText";
import { byteaArray, numberArray, textArray } from "@compute-credits/platform/postgres/values";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { canonicalText } from "@compute-credits/rules/log/canonicalText";
import type { LogEntry } from "@compute-credits/rules/log/logEntry";
import { type Finding, describeDifference } from "../replay/finding.ts";
import { isVisible } from "../replay/snapshot.ts";
import { deletePages, readBodies } from "../store/witnessedPages.ts";
import { type ComparedCut, comparedPages } from "./matchWitnessed.ts";
import {
  amountOf,
  asWitnessed,
  canonicalHash,
  describeWitnessed,
  eventOf,
  nameOf,
  partyOf,
  witnessedIn,
} from "./witnessed.ts";

/**
 * The exact comparison of a cut with what was seen of the log before, entry by entry and by name.
 * It says what changed and what is gone, and costs a row for each entry: `WitnessedMatch` comes
 * first.
 */

/** Whether entries are stored by name. Then no shorter comparison knows them. */
export async function hasNamedEntries(sql: Sql): Promise<boolean> {
  return (await sql.query("select from witnessed limit 1")).length > 0;
}

/** Stores the entries of the recorded pages by name. The first of a name stays. */
export async function nameEntries(sql: Sql, cut: ComparedCut): Promise<void> {
  for (const { id, afterCut } of await comparedPages(sql, cut)) {
    // oxlint-disable-next-line no-await-in-loop -- one page in memory
    const seen = (await readBodies(sql, id)).map(asWitnessed);
    // oxlint-disable-next-line no-await-in-loop
    await sql.query(
      `insert into witnessed (name, log_order, hash, body, after_cut)
       select *, $5::bigint from unnest($1::text[], $2::bigint[], $3::bytea[], $4::jsonb[])
       on conflict do nothing`,
      [
        textArray(seen.map(nameOf)),
        numberArray(seen.map(({ order }) => order)),
        byteaArray(seen.map(canonicalHash)),
        textArray(seen.map((entry) => jsonText(entry))),
        afterCut,
      ],
    );
    // oxlint-disable-next-line no-await-in-loop
    await deletePages(sql, [id]);
  }
}

interface NamedEntry {
  readonly name: string;
  readonly hash: Hex;
  readonly body: unknown;
}

/** Compares a checkpoint's entries with those stored by name, then deletes these. */
export async function compareWitnessed(sql: Sql, entries: readonly LogEntry[]): Promise<Finding[]> {
  const now = new Map(witnessedIn(entries).map((entry) => [nameOf(entry), entry]));
  if (now.size === 0) return [];
  const records = await sql.query<NamedEntry>(
    "delete from witnessed where name = any($1::text[]) returning name, hash, body",
    [textArray([...now.keys()])],
  );
  return records.flatMap(({ name, hash, body }): Finding[] => {
    const entry = now.get(name);
    if (entry === undefined || canonicalHash(entry) === hash) return [];
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

/** Finds entries stored by name that are missing from the checkpoint that should hold them. */
export async function findDropped(
  sql: Sql,
  { id, snapshot, previous }: ComparedCut,
): Promise<Finding[]> {
  const records = await sql.query<NamedEntry & { after_cut: bigint }>(
    "select name, hash, body, after_cut from witnessed where after_cut < $1 order by log_order",
    [id],
  );
  return records.flatMap(({ body, after_cut: afterCut }): Finding[] => {
    const entry = asWitnessed(body);
    // A cut may have started before the entry and be published after it; the next cut cannot.
    const isOverdue = previous !== null && afterCut < previous;
    if (!isOverdue && !isVisible(snapshot, entry.transaction)) return [];
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
