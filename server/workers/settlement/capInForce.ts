import type { CounterState, Terms } from "@compute-credits/platform/chain/chainReader";
import type { StoredCheckpoint } from "../../stores/checkpoints/checkpointStore.ts";

/** When a checkpoint was submitted, in seconds since 1970. The court takes it from the chain too. */
export function submissionTime(
  { finalAt }: Pick<StoredCheckpoint, "finalAt">,
  { disputeWindowSeconds }: Pick<Terms, "disputeWindowSeconds">,
): number {
  return (finalAt?.getTime() ?? 0) / 1000 - disputeWindowSeconds;
}

/** Whether the court accepts a counter's cap for a checkpoint that was submitted at that second. */
export function isInForce(
  counter: bigint,
  { currentCounter, endedAt }: CounterState,
  submittedAt: number,
  { counterGraceSeconds }: Pick<Terms, "counterGraceSeconds">,
): boolean {
  return counter === currentCounter || submittedAt <= endedAt + counterGraceSeconds;
}
