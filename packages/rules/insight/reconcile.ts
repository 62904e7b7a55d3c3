import { type LedgerSums, type TokenPrice, toTokensDown } from "./liability.ts";
import type { PoolTotals, VaultTotals } from "./vaultTotals.ts";

/** The ledger's side of the comparison, all at the block that it has read the chain up to. */
export interface ReconciledLedger extends LedgerSums {
  /** the newest checkpoint that was cut and not dropped; zeros before the first */
  readonly newestCheckpoint: PoolTotals;
  /** the ledger's own numbers of the checkpoint that the chain has as its final one; `null` where it knows none */
  readonly finalCheckpoint: PoolTotals | null;
  /** what buyers paid, in the token's smallest unit */
  readonly tokensIn: bigint;
  /** what settled rows paid out, each party's total rounded down as the contract does */
  readonly tokensOut: bigint;
}

export type Because =
  /** recorded since the newest checkpoint was cut */
  | "not_in_a_checkpoint_yet"
  | "checkpoint_not_final_yet"
  /** in the final checkpoint, and nobody has settled the row */
  | "row_not_settled_yet"
  /** the token refused a payout, and the contract keeps it for the party */
  | "payout_deferred"
  /** tokens that reached the vault without anyone buying */
  | "sent_to_the_vault"
  /** a mistake in the books, or an event of the chain that the ledger does not follow */
  | "unexplained";

export interface Difference {
  readonly because: Because;
  /** ledger − chain; of tokens: chain − ledger */
  readonly amount: bigint;
}

/** One number that both sides have. */
export interface Comparison {
  readonly name: string;
  readonly unit: "micro-credits" | "tokens";
  readonly ledger: bigint;
  readonly chain: bigint;
  /** why they differ, to the last unit; empty where they are equal */
  readonly differences: readonly Difference[];
}

export interface Reconciliation {
  /** whether every difference is explained */
  readonly reconciled: boolean;
  readonly comparisons: readonly Comparison[];
}

/** Compares the books with the chain at one block. */
export function reconcile(
  ledger: ReconciledLedger,
  chain: VaultTotals,
  { price, deferredTokens }: { price: TokenPrice; deferredTokens: bigint },
): Reconciliation {
  const { settled, finalCheckpoint: final, feesTaken } = chain;
  const pools = (["spent", "refunded", "earned"] as const).map((pool) =>
    compare(pool, ledger[pool], settled[pool], [
      ["not_in_a_checkpoint_yet", ledger[pool] - ledger.newestCheckpoint[pool]],
      ["checkpoint_not_final_yet", ledger.newestCheckpoint[pool] - final[pool]],
      ["row_not_settled_yet", final[pool] - ledger.settled[pool]],
    ]),
  );
  const finals = (["spent", "refunded", "earned"] as const).map((pool) =>
    compare(`finalCheckpoint.${pool}`, ledger.finalCheckpoint?.[pool] ?? 0n, final[pool], []),
  );
  const settledByLedger = (["spent", "refunded", "earned"] as const).map((pool) =>
    compare(`settled.${pool}`, ledger.settled[pool], settled[pool], []),
  );
  const purchased = compare(
    "purchased",
    ledger.purchased,
    chain.totalSupply + settled.spent + settled.refunded,
    [],
  );

  const expected = ledger.tokensIn - ledger.tokensOut - toTokensDown(feesTaken, price);
  const surplus = chain.tokenBalance - expected;
  const tokens: Comparison = {
    name: "vaultTokens",
    unit: "tokens",
    ledger: expected,
    chain: chain.tokenBalance,
    differences: differences(surplus, [
      ["payout_deferred", deferredTokens],
      ["sent_to_the_vault", surplus - deferredTokens],
    ]),
  };

  const comparisons = [purchased, ...pools, ...settledByLedger, ...finals, tokens];
  return {
    reconciled: comparisons.every((comparison) =>
      comparison.differences.every(({ because }) => because !== "unexplained"),
    ),
    comparisons,
  };
}

function compare(
  name: string,
  ledger: bigint,
  chain: bigint,
  reasons: readonly (readonly [Because, bigint])[],
): Comparison {
  const unit = "micro-credits";
  return { name, unit, ledger, chain, differences: differences(ledger - chain, reasons) };
}

/**
 * The parts of a difference that have a reason, and whatever is left. Every reason is one of being ahead: a negative part
 * is none, and nothing that it hides is explained.
 */
function differences(
  whole: bigint,
  reasons: readonly (readonly [Because, bigint])[],
): readonly Difference[] {
  const explained = reasons
    .filter(([, amount]) => amount > 0n)
    .map(([because, amount]) => ({ because, amount }));
  const rest = whole - explained.reduce((sum, { amount }) => sum + amount, 0n);
  return rest === 0n ? explained : [...explained, { because: "unexplained", amount: rest }];
}
