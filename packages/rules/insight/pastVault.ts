import {
  compareCredits,
  isReconciled,
  type Reconciliation,
  type ComparedLedger,
} from "./reconcile.ts";
import type { PoolTotals, VaultTotals } from "./vaultTotals.ts";

/** What the ledger has read of the chain since a past moment, in micro-credits. */
export interface ChainSince {
  readonly purchased: bigint;
  readonly settled: PoolTotals;
  readonly feesClaimed: bigint;
}

/** The part of the contract's totals that its events change. */
export type PastVault = Pick<VaultTotals, "totalSupply" | "settled" | "feesTaken">;

/**
 * The contract's totals at a past moment: those of now without what happened since. So no node must
 * have the old block's state.
 */
export function vaultBefore(now: PastVault, since: ChainSince): PastVault {
  const { settled } = now;
  return {
    totalSupply: now.totalSupply - since.purchased + since.settled.spent + since.settled.refunded,
    settled: {
      spent: settled.spent - since.settled.spent,
      refunded: settled.refunded - since.settled.refunded,
      earned: settled.earned - since.settled.earned,
    },
    feesTaken: now.feesTaken - since.feesClaimed,
  };
}

/**
 * Compares the ledger's credits at a past moment with the contract's. What the vault held in tokens
 * then is not known: tokens can come and go without an event that the ledger follows.
 */
export function reconcilePast(
  ledger: ComparedLedger & { readonly finalCheckpoint: PoolTotals | null },
  chain: PastVault,
): Reconciliation {
  const finalCheckpoint = ledger.finalCheckpoint ?? { spent: 0n, refunded: 0n, earned: 0n };
  const comparisons = compareCredits(ledger, { ...chain, finalCheckpoint });
  return { reconciled: isReconciled(comparisons), comparisons };
}
