import type { Balance } from "@compute-credits/client/accounts/readBalance";
import { max } from "@compute-credits/protocol/amounts";
import type { RefundOnChain } from "./refundOnChain.ts";

/** Where a refund is, and what can be done about it. Seconds are by the chain's clock. */
export type RefundStage =
  | { readonly at: "none" }
  /** no checkpoint gives it back yet; `bound`: what open holds still bind */
  | { readonly at: "requested"; readonly earliest: bigint; readonly bound: bigint }
  /** a checkpoint gives it back, which is not final yet; `null` while that is challenged */
  | { readonly at: "in_checkpoint"; readonly earliest: bigint | null }
  /** the final checkpoint gives it back: anyone may pay the transaction */
  | { readonly at: "payable" }
  /** the deadline has passed: anyone may freeze the vault, and then everyone can exit */
  | { readonly at: "overdue" }
  /** everyone can exit, with a proof at once, without from `withoutProofFrom` on */
  | { readonly at: "frozen"; readonly withoutProofFrom: bigint };

export function refundStage({
  onChain,
  balance,
  finalRefundedMicros,
  disputeWindowSeconds,
}: {
  readonly onChain: RefundOnChain;
  readonly balance: Pick<Balance, "refundedMicros" | "refundWaitingMicros">;
  /** of the account's row in the last final checkpoint */
  readonly finalRefundedMicros: bigint;
  readonly disputeWindowSeconds: number;
}): RefundStage {
  const { now, frozenAt, deadline, dueMicros, refundedMicros, pendingFinalAt } = onChain;
  if (frozenAt > 0n) {
    return { at: "frozen", withoutProofFrom: frozenAt + onChain.exitGraceSeconds };
  }
  if (deadline === 0n || dueMicros === 0n) return { at: "none" };
  if (finalRefundedMicros > refundedMicros) return { at: "payable" };
  if (now > deadline) return { at: "overdue" };
  if (balance.refundedMicros > refundedMicros && onChain.hasPending) {
    return { at: "in_checkpoint", earliest: pendingFinalAt };
  }
  // The next checkpoint waits for the pending one, and then has a dispute window of its own.
  const begins = max(pendingFinalAt ?? now, now);
  return {
    at: "requested",
    earliest: begins + BigInt(disputeWindowSeconds),
    bound: balance.refundWaitingMicros,
  };
}
