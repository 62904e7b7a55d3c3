import { type LedgerSums, type TokenPrice, toTokensDown } from "./liability.ts";
import type { PoolTotals, VaultTotals } from "./vaultTotals.ts";

/** The ledger's side of the comparison, as of the last block that it has read. */
export interface ReconciledLedger extends LedgerSums {
  /** the newest checkpoint cut and not dropped; zeros before the first */
  readonly newestCheckpoint: PoolTotals;
  /** the ledger's totals for the chain's final checkpoint; `null` if it has none */
  readonly finalCheckpoint: PoolTotals | null;
  /** paid by buyers, in the token's smallest unit */
  readonly tokensIn: bigint;
  /** paid out by settled rows; each party's total is rounded down, as in the contract */
  readonly tokensOut: bigint;
}

export type DifferenceReason =
  /** recorded after the newest checkpoint was cut */
  | "not_in_a_checkpoint_yet"
  | "checkpoint_not_final_yet"
  /** in the final checkpoint, but the row is not settled on chain */
  | "row_not_settled_yet"
  /** the token rejected a payout, so the contract owes it to the party */
  | "payout_deferred"
  /** tokens sent to the vault without a purchase */
  | "sent_to_the_vault"
  /** an error in the ledger, or a chain event that it does not follow */
  | "unexplained";

export interface Difference {
  readonly because: DifferenceReason;
  /** ledger − chain; for tokens: chain − ledger */
  readonly amount: bigint;
}

/** One number that the ledger and the chain both have. */
export interface Comparison {
  readonly name: string;
  readonly unit: "micro-credits" | "tokens";
  readonly ledger: bigint;
  readonly chain: bigint;
  /** accounts for the whole difference; empty if both are equal */
  readonly differences: readonly Difference[];
}

export interface Reconciliation {
  /** whether every difference is explained */
  readonly reconciled: boolean;
  readonly comparisons: readonly Comparison[];
}

/**
 * Compares the ledger with the chain at one block and explains each difference. `deferredTokens`
 * are payouts that the contract owes because the token rejected them, in smallest units.
 */
export function reconcile(
  ledger: ReconciledLedger,
  chain: VaultTotals,
  { price, deferredTokens }: { price: TokenPrice; deferredTokens: bigint },
): Reconciliation {
  const { finalCheckpoint: final, feesTaken } = chain;
  const finals = (["spent", "refunded", "earned"] as const).map((pool) =>
    compare(`finalCheckpoint.${pool}`, ledger.finalCheckpoint?.[pool] ?? 0n, final[pool], []),
  );
  const tokensDue = ledger.tokensIn - ledger.tokensOut - toTokensDown(feesTaken, price);
  const surplus = chain.tokenBalance - tokensDue;
  const tokens: Comparison = {
    name: "vaultTokens",
    unit: "tokens",
    ledger: tokensDue,
    chain: chain.tokenBalance,
    differences: differences(surplus, [
      ["payout_deferred", deferredTokens],
      ["sent_to_the_vault", surplus - deferredTokens],
    ]),
  };

  const comparisons = [...compareCredits(ledger, chain), ...finals, tokens];
  return { reconciled: isReconciled(comparisons), comparisons };
}

/** Whether every difference is explained. */
export function isReconciled(comparisons: readonly Comparison[]): boolean {
  return comparisons.every((comparison) =>
    comparison.differences.every(({ because }) => because !== "unexplained"),
  );
}

/** The ledger's sums that the chain has, too. */
export type ComparedLedger = Pick<
  ReconciledLedger,
  "purchased" | "spent" | "refunded" | "earned" | "settled" | "newestCheckpoint"
>;

/** Compares what was purchased, spent, refunded and earned with what the chain has of it. */
export function compareCredits(
  ledger: ComparedLedger,
  chain: Pick<VaultTotals, "totalSupply" | "settled"> & { readonly finalCheckpoint: PoolTotals },
): readonly Comparison[] {
  const { settled, totalSupply, finalCheckpoint: final } = chain;
  const pools = (["spent", "refunded", "earned"] as const).map((pool) =>
    compare(pool, ledger[pool], settled[pool], [
      ["not_in_a_checkpoint_yet", ledger[pool] - ledger.newestCheckpoint[pool]],
      ["checkpoint_not_final_yet", ledger.newestCheckpoint[pool] - final[pool]],
      ["row_not_settled_yet", final[pool] - ledger.settled[pool]],
    ]),
  );
  const settledByLedger = (["spent", "refunded", "earned"] as const).map((pool) =>
    compare(`settled.${pool}`, ledger.settled[pool], settled[pool], []),
  );
  const issued = totalSupply + settled.spent + settled.refunded;
  return [compare("purchased", ledger.purchased, issued, []), ...pools, ...settledByLedger];
}

function compare(
  name: string,
  ledger: bigint,
  chain: bigint,
  reasons: readonly (readonly [DifferenceReason, bigint])[],
): Comparison {
  const unit = "micro-credits";
  return { name, unit, ledger, chain, differences: differences(ledger - chain, reasons) };
}

/**
 * Splits a difference by reason; the rest is `unexplained`. Every reason explains a surplus, so
 * negative amounts are left out and what they offset stays unexplained.
 */
function differences(
  whole: bigint,
  reasons: readonly (readonly [DifferenceReason, bigint])[],
): readonly Difference[] {
  const explained = reasons
    .filter(([, amount]) => amount > 0n)
    .map(([because, amount]) => ({ because, amount }));
  const rest = whole - explained.reduce((sum, { amount }) => sum + amount, 0n);
  return rest === 0n ? explained : [...explained, { because: "unexplained", amount: rest }];
}
