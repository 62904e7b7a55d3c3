import type { ChainStore } from "@compute-credits/platform/chain/chainStore";
import type { DisputeStore } from "../../stores/settlement/disputeStore.ts";

export interface WatchDeps {
  readonly chainStore: Pick<ChainStore, "frozenAt" | "chainTime">;
  readonly disputes: Pick<DisputeStore, "oldestRefundRequest" | "mostUrgentChallenge">;
  readonly refundWindowSeconds: number;
  readonly answerWindowSeconds: number;
  /** how long before a refund's deadline it is said */
  readonly refundAlarmSeconds: number;
}

/** What an operator has to look at. */
export interface Alarm {
  readonly name: "vault" | "refunds" | "challenges";
  readonly message: string;
  /** the server cannot do its work any more; else it can, and somebody has to act in time */
  readonly isFatal: boolean;
}

/** What is wrong on chain, or about to be: long before anyone may freeze the vault for it. */
export async function settlementAlarms({
  chainStore,
  disputes,
  refundWindowSeconds,
  answerWindowSeconds,
  refundAlarmSeconds,
}: WatchDeps): Promise<readonly Alarm[]> {
  const [now, frozenAt, refund, challenge] = await Promise.all([
    chainStore.chainTime(),
    chainStore.frozenAt(),
    disputes.oldestRefundRequest(),
    disputes.mostUrgentChallenge(),
  ]);
  const alarms: Alarm[] = [];
  if (frozenAt !== null) {
    alarms.push({
      name: "vault",
      message: `the vault is frozen since ${frozenAt.toISOString()}: no checkpoint is cut any more, everyone exits on chain`,
      isFatal: true,
    });
  }
  if (refund !== null && frozenAt === null) {
    const deadline = later(refund.requestedAt, refundWindowSeconds);
    if (now >= later(deadline, -refundAlarmSeconds)) {
      alarms.push({
        name: "refunds",
        message: `the refund of ${refund.account} is not served, and from ${deadline.toISOString()} on anyone may freeze the vault for it`,
        isFatal: false,
      });
    }
  }
  if (challenge !== null && now >= later(challenge.deadline, -answerWindowSeconds / 2)) {
    alarms.push({
      name: "challenges",
      message: `the challenge to ${challenge.account} is not answered, and drops the checkpoint from ${challenge.deadline.toISOString()} on`,
      isFatal: false,
    });
  }
  return alarms;
}

function later(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000);
}
