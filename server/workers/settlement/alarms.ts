import type { ChainStore } from "@compute-credits/platform/chain/chainStore";
import type { DisputeStore } from "../../stores/settlement/disputeStore.ts";
import type { UncoveredSpending, WriteOffStore } from "../../stores/settlement/writeOffStore.ts";
import type { Headroom } from "./coverRows.ts";
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
  /** for how long the caps of an ended counter still answer a challenge */
  readonly counterGraceSeconds: number;
  readonly writeOffs: Pick<WriteOffStore, "expiringCoverage">;
  /** spending that this server's settler could not take out of the rows */
  readonly uncovered: () => readonly UncoveredSpending[];
  /** what may still leave a vault with a limit, as this server's settler last saw it */
  readonly headroom: () => Headroom | null;
  /** challenges that this server's settler cannot answer; empty on a server that does not settle */
  readonly unanswered: () => readonly UnansweredChallenge[];
}

export interface Alarm {
  readonly name: "vault" | "refunds" | "challenges" | "counters" | "write_offs" | "headroom";
  readonly message: string;
  /** True if the server cannot do its work. False if it can, and an operator must act in time. */
  readonly isFatal: boolean;
}

/**
 * Reports what is wrong on chain, and each duty whose deadline comes near: a refund within
 * `refundAlarmSeconds`, a challenge in the second half of its answer window. A challenge that the
 * ledger has no answer to is reported at once.
 */
export async function settlementAlarms(deps: AlarmDeps): Promise<readonly Alarm[]> {
  const { chainStore, disputes, unanswered } = deps;
  const { refundWindowSeconds, answerWindowSeconds, refundAlarmSeconds } = deps;
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
  if (frozenAt === null) alarms.push(...(await coverageAlarms(deps)));
  alarms.push(...headroomAlarms(deps.headroom()));
  return alarms;
}

/**
 * Reports spending that must become final before its counter's grace ends, once half of the grace
 * is over; and spending for which that is too late and nobody has paid.
 */
async function coverageAlarms({
  writeOffs,
  counterGraceSeconds,
  uncovered,
}: AlarmDeps): Promise<readonly Alarm[]> {
  const alarms: Alarm[] = [];
  const expiring = await writeOffs.expiringCoverage({
    counterGraceSeconds,
    withinSeconds: Math.floor(counterGraceSeconds / 2),
    limit: ALARMED_ACCOUNTS,
  });
  const [first] = expiring;
  if (first !== undefined) {
    const open = expiring.reduce((sum, { openMicros }) => sum + openMicros, 0n);
    alarms.push({
      name: "counters",
      message:
        `${first.account} and ${expiring.length - 1} others raised their counter with ${open} ` +
        "micro-credits of spending that are in no final checkpoint: the operator bears what is not " +
        `final by ${first.graceEndsAt.toISOString()}`,
      isFatal: false,
    });
  }
  const left = uncovered();
  if (left.length > 0) {
    const missing = left.reduce((sum, { uncoveredMicros }) => sum + uncoveredMicros, 0n);
    alarms.push({
      name: "write_offs",
      message:
        `no cap covers ${missing} micro-credits of ${left.length} accounts (${left[0]?.account}): ` +
        "a challenge drops each checkpoint until WRITE_OFF_ACCOUNT has that many credits and a cap",
      isFatal: false,
    });
  }
  return alarms;
}

/**
 * Reports a vault with a limit in which more than half of it is used by spending that no recorded
 * cap covers: providers and fees are soon refused what is beyond it.
 */
function headroomAlarms(headroom: Headroom | null): readonly Alarm[] {
  if (headroom === null || headroom.openMicros <= headroom.limitMicros / 2n) return [];
  const { limitMicros, openMicros, largest } = headroom;
  const whose = largest === null ? "" : `, the most of ${largest}`;
  return [
    {
      name: "headroom",
      message:
        `${openMicros} micro-credits of final spending have no recorded cap${whose}; the vault pays ` +
        `earnings and fees for at most ${limitMicros} of them: record caps of these payers ` +
        "(recordCap, then coverSpending)",
      isFatal: false,
    },
  ];
}

/** Bounds the list behind an alarm; its sum is a lower bound beyond. */
const ALARMED_ACCOUNTS = 100;

function later(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000);
}
