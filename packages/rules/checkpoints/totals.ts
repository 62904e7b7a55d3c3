import type { Row } from "@compute-credits/protocol/tree/row";

/** Sums over all rows, in micro-credits. */
export interface Totals {
  readonly spent: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
}

export const NO_TOTALS: Totals = { spent: 0n, refunded: 0n, earned: 0n };

export function totalsOf(rows: Iterable<Row>): Totals {
  let { spent, refunded, earned } = NO_TOTALS;
  for (const row of rows) {
    spent += row.spent;
    refunded += row.refunded;
    earned += row.earned;
  }
  return { spent, refunded, earned };
}

export interface CheckpointTerms {
  readonly maxFeeBps: bigint;
}

/**
 * Checks the totals of a new checkpoint against I2 and I3 before it is signed. The contract would
 * reject any violation. Returns a message per violation. I1 (spent + refunded ≤ purchased) is
 * checked per row elsewhere, so it also holds for the sums.
 */
export function findViolations(
  previous: Totals,
  next: Totals,
  { maxFeeBps }: CheckpointTerms,
): string[] {
  const found: string[] = [];
  for (const name of ["spent", "refunded", "earned"] as const) {
    if (next[name] < previous[name]) {
      found.push(`I3: total ${name} falls from ${previous[name]} to ${next[name]}`);
    }
  }
  const fee = next.spent - next.earned;
  if (fee < 0n) found.push(`I2: earned ${next.earned} exceeds spent ${next.spent}`);
  const previousFee = previous.spent - previous.earned;
  if (fee < previousFee) found.push(`I3: the total fee falls from ${previousFee} to ${fee}`);
  if (fee * 10_000n > next.spent * maxFeeBps) {
    found.push(`I2: the fee ${fee} exceeds ${maxFeeBps} basis points of ${next.spent}`);
  }
  return found;
}
