import type { Acknowledged } from "./acknowledged.ts";

/** How far a database was, as this server last saw it. */
export interface LedgerPosition {
  /** PostgreSQL's; each failover and each recovery to a point in time begins a new one */
  readonly timeline: number;
  /** bytes of PostgreSQL's log that are on disk; `null` if the server does not tell */
  readonly lsn: bigint | null;
  /** the last indexed block */
  readonly block: bigint;
}

/**
 * Says what shows that a database lost something since `before`; `null` if nothing does. On a new
 * timeline the log may be shorter without a lost commit, so there the answers decide.
 */
export function findLoss(
  before: LedgerPosition,
  now: LedgerPosition,
  missing: readonly Acknowledged[],
): string | null {
  const [first] = missing;
  if (first !== undefined) {
    return (
      `the ${first.kind} ${first.id} of ${first.provider}, which this server acknowledged, ` +
      "is not in the database any more"
    );
  }
  if (now.timeline < before.timeline) {
    return `PostgreSQL's timeline went back from ${before.timeline} to ${now.timeline}`;
  }
  const isSame = now.timeline === before.timeline;
  if (isSame && now.lsn !== null && before.lsn !== null && now.lsn < before.lsn) {
    return `PostgreSQL's log ends at ${now.lsn}, and was at ${before.lsn} before`;
  }
  if (now.block < before.block) {
    return `the ledger has read the chain up to block ${now.block}, and had up to ${before.block}`;
  }
  return null;
}
