/** Where a provider's earnings are, in micro-credits. Together they are all that it earned. */
export interface EarningStages {
  readonly unsettled: bigint;
  readonly inCheckpoint: bigint;
  readonly claimable: bigint;
  readonly claimed: bigint;
}

/**
 * Splits what was earned by the newest row that counts it. The four totals are read one after the
 * other, and only grow: each counts at least as much as the one after it, or it is older.
 */
export function stagesOf({
  earned,
  pending,
  final,
  claimed,
}: {
  readonly earned: bigint;
  /** of the row in the pending checkpoint; `null` if none is pending */
  readonly pending: bigint | null;
  /** of the row in the last final checkpoint; 0 without one */
  readonly final: bigint;
  /** of the row that the contract has paid */
  readonly claimed: bigint;
}): EarningStages {
  const inFinal = most(final, claimed);
  const inPending = most(pending ?? 0n, inFinal);
  const inAll = most(earned, inPending);
  return {
    unsettled: inAll - inPending,
    inCheckpoint: inPending - inFinal,
    claimable: inFinal - claimed,
    claimed,
  };
}

function most(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
