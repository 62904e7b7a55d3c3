import type { ChainStore } from "@compute-credits/platform/chain/chainStore";
import type { DisputeStore } from "../../stores/settlement/disputeStore.ts";
import type { UnansweredChallenge } from "./answerChallenges.ts";

export interface AlarmDeps {
  readonly chainStore: Pick<ChainStore, "frozenAt" | "chainTime">;
  readonly disputes: Pick<DisputeStore, "oldestRefundRequest" | "mostUrgentChallenge">;
  /** from a refund request until anyone may freeze the vault for it */
  readonly refundWindowSeconds: number;
  /** from a challenge until it drops the checkpoint */
  readonly answerWindowSeconds: number;
  /** how long before a refund's deadline the alarm begins */
  readonly refundAlarmSeconds: number;
  /** challenges that this server's settler cannot answer; empty on a server that does not settle */
  readonly unanswered: () => readonly UnansweredChallenge[];
}

export interface Alarm {
  readonly name: "vault" | "refunds" | "challenges";
  readonly message: string;
  /** True if the server cannot do its work. False if it can, and an operator must act in time. */
  readonly isFatal: boolean;
}

/**
 * Reports what is wrong on chain, and each duty whose deadline comes near: a refund within
 * `refundAlarmSeconds`, a challenge in the second half of its answer window. A challenge that the
 * ledger has no answer to is reported at once.
 */
export async function settlementAlarms({
  chainStore,
  disputes,
  refundWindowSeconds,
  answerWindowSeconds,
  refundAlarmSeconds,
  unanswered,
}: AlarmDeps): Promise<readonly Alarm[]> {
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
      message:
        `the vault is frozen since ${frozenAt.toISOString()}: ` +
        "no checkpoint is cut any more, and accounts exit on chain",
      isFatal: true,
    });
  }
  if (refund !== null && frozenAt === null) {
    const deadline = later(refund.requestedAt, refundWindowSeconds);
    if (now >= later(deadline, -refundAlarmSeconds)) {
      alarms.push({
        name: "refunds",
        message:
          `the refund of ${refund.account} is not paid yet, ` +
          `and anyone may freeze the vault for it from ${deadline.toISOString()} on`,
        isFatal: false,
      });
    }
  }
  const [hopeless] = unanswered();
  if (hopeless !== undefined) {
    const { account, deadline, why } = hopeless;
    alarms.push({
      name: "challenges",
      message:
        `the ledger has no answer to the challenge to ${account} (${why}): ` +
        `it drops the checkpoint from ${deadline.toISOString()} on, unless another party answers`,
      isFatal: false,
    });
  } else if (challenge !== null && now >= later(challenge.deadline, -answerWindowSeconds / 2)) {
    alarms.push({
      name: "challenges",
      message:
        `the challenge to ${challenge.account} is not answered yet, ` +
        `and drops the checkpoint from ${challenge.deadline.toISOString()} on`,
      isFatal: false,
    });
  }
  return alarms;
}

function later(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000);
}
