/** Sums over the whole ledger, at one moment. Micro-credits. */
export interface LedgerSums {
  readonly purchased: bigint;
  readonly spent: bigint;
  readonly held: bigint;
  readonly refunding: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
  /** what the chain has settled, as the ledger has read it */
  readonly settled: { readonly spent: bigint; readonly refunded: bigint; readonly earned: bigint };
}

/** What is owed to whom, in micro-credits. */
export interface Liability {
  /** credits that are neither spent nor given back: purchased − spent − refunded */
  readonly unspent: bigint;
  /** of these: set aside for work that has been authorised */
  readonly held: bigint;
  /** of these: asked back, and not in a checkpoint yet */
  readonly refunding: bigint;
  /** of these: free to be spent */
  readonly available: bigint;
  /** refunds in rows that the chain has not settled */
  readonly refundsDue: bigint;
  /** earnings that the chain has not settled: earned − settled earned */
  readonly earningsDue: bigint;
  /** spent − earned − what the fee recipient has taken */
  readonly feesDue: bigint;
  /** all of it: purchased − what was paid out */
  readonly total: bigint;
}

export function liability(sums: LedgerSums, feesTaken: bigint): Liability {
  const { purchased, spent, held, refunding, refunded, earned, settled } = sums;
  const unspent = purchased - spent - refunded;
  const refundsDue = refunded - settled.refunded;
  const earningsDue = earned - settled.earned;
  const feesDue = spent - earned - feesTaken;
  return {
    unspent,
    held,
    refunding,
    available: unspent - held - refunding,
    refundsDue,
    earningsDue,
    feesDue,
    total: unspent + refundsDue + earningsDue + feesDue,
  };
}

/** What a credit is worth, as the contract has it for ever. */
export interface TokenPrice {
  /** the token's smallest units in one token */
  readonly tokenUnit: bigint;
  readonly creditMicrosPerToken: bigint;
}

/** Rounds down, as the contract does when it pays: the vault keeps what is left of a smallest unit. */
export function toTokensDown(
  micros: bigint,
  { tokenUnit, creditMicrosPerToken }: TokenPrice,
): bigint {
  return (micros * tokenUnit) / creditMicrosPerToken;
}
