import type { Row } from "@compute-credits/protocol/tree/row";

/** The sums over all rows, in micro-credits. */
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
 * What the contract would refuse, told before it is signed. Empty where I2 and I3 hold, for the fee too. That no more is
 * spent and refunded than was purchased is told of each row as it changes (I1); so it holds for their sum.
 */
export function violations(
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
