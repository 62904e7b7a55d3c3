/** Sums over the whole ledger at one moment, in micro-credits. */
export interface LedgerSums {
  readonly purchased: bigint;
  readonly spent: bigint;
  readonly held: bigint;
  readonly refunding: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
  /** sums of the rows settled on chain, as far as the ledger has read it */
  readonly settled: { readonly spent: bigint; readonly refunded: bigint; readonly earned: bigint };
}

/** What the vault owes, in micro-credits. */
export interface Liability {
  /** purchased − spent − refunded */
  readonly unspent: bigint;
  /** part of `unspent`: reserved by holds */
  readonly held: bigint;
  /** part of `unspent`: reserved for refund requests, not in a checkpoint yet */
  readonly refunding: bigint;
  /** part of `unspent`: free to spend */
  readonly available: bigint;
  /** refunds not settled on chain yet: refunded − settled refunded */
  readonly refundsDue: bigint;
  /** earnings not settled on chain yet: earned − settled earned */
  readonly earningsDue: bigint;
  /** fees not taken yet: spent − earned − fees taken */
  readonly feesDue: bigint;
  /** the sum of all: purchased − paid out */
  readonly total: bigint;
}

/** Computes what the vault owes. `feesTaken` is what the fee recipient took, in micro-credits. */
export function liability(sums: LedgerSums, feesTaken: bigint): Liability {
  const { held, refunding } = sums;
  const owed = owedBy(sums, feesTaken);
  return { ...owed, held, refunding, available: owed.unspent - held - refunding };
}

/** The same without the parts of `unspent`, which the ledger keeps of the present only. */
export function owedBy(
  sums: Pick<LedgerSums, "purchased" | "spent" | "refunded" | "earned" | "settled">,
  feesTaken: bigint,
): Omit<Liability, "held" | "refunding" | "available"> {
  const { purchased, spent, refunded, earned, settled } = sums;
  const unspent = purchased - spent - refunded;
  const refundsDue = refunded - settled.refunded;
  const earningsDue = earned - settled.earned;
  const feesDue = spent - earned - feesTaken;
  const total = unspent + refundsDue + earningsDue + feesDue;
  return { unspent, refundsDue, earningsDue, feesDue, total };
}

/** The price of credits in tokens, fixed at deployment. */
export interface TokenPrice {
  /** smallest units per token: 10^decimals */
  readonly tokenUnit: bigint;
  readonly creditMicrosPerToken: bigint;
}

/**
 * The price of micro-credits in the token's smallest unit. Rounds up as the contract does when it
 * sells: the buyer pays less than one unit too much.
 */
export function toTokensUp(
  micros: bigint,
  { tokenUnit, creditMicrosPerToken }: TokenPrice,
): bigint {
  return (micros * tokenUnit + creditMicrosPerToken - 1n) / creditMicrosPerToken;
}

/**
 * Converts micro-credits to the token's smallest unit. Rounds down as the contract does when it
 * pays: the vault keeps the fraction.
 */
export function toTokensDown(
  micros: bigint,
  { tokenUnit, creditMicrosPerToken }: TokenPrice,
): bigint {
  return (micros * tokenUnit) / creditMicrosPerToken;
}
