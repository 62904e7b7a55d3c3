import { ConfigError } from "@compute-credits/platform/process/environment";
import {
  type Windows,
  longestHoldInCounterGrace,
  longestHoldInRefundWindow,
  roundSeconds,
} from "@compute-credits/rules/checkpoints/windows";

interface Pace {
  readonly maxHoldSeconds: number;
  /** 0 if this server does not settle */
  readonly settlePauseSeconds: number;
  /** `null` for half of the refund window */
  readonly refundAlarmSeconds: number | null;
}

/**
 * The longest hold that leaves time for what the contract will call due: `maxHoldSeconds`, or less
 * if a window of the contract allows less. Throws a `ConfigError` that names the window and the
 * setting which do not fit.
 */
export function longestHoldSeconds(windows: Windows, pace: Pace): number {
  const { settlePauseSeconds, refundAlarmSeconds } = pace;
  const { refundWindowSeconds, counterGraceSeconds } = windows;
  const round = `disputeWindowSeconds + answerWindowSeconds = ${roundSeconds(windows)}`;
  const pause = `SETTLE_INTERVAL_SECONDS ${settlePauseSeconds}`;
  const inRefund = longestHoldInRefundWindow(windows, settlePauseSeconds);
  const inGrace = longestHoldInCounterGrace(windows, settlePauseSeconds);
  if (inRefund < 1) {
    throw new ConfigError(
      `the contract's refundWindowSeconds ${refundWindowSeconds} leaves no time for holds beside ` +
        `3 × (${round}) and 2 × ${pause}: set SETTLE_INTERVAL_SECONDS lower, ` +
        "or deploy with a longer refundWindowSeconds",
    );
  }
  if (inGrace < 1) {
    throw new ConfigError(
      `the contract's counterGraceSeconds ${counterGraceSeconds} leaves no time for holds beside ` +
        `2 × (${round}) and ${pause}: set SETTLE_INTERVAL_SECONDS lower, ` +
        "or deploy with a longer counterGraceSeconds",
    );
  }
  if (refundAlarmSeconds !== null && refundAlarmSeconds >= refundWindowSeconds) {
    throw new ConfigError(
      `REFUND_ALARM_SECONDS ${refundAlarmSeconds} is not below the contract's ` +
        `refundWindowSeconds ${refundWindowSeconds}: every request would be an alarm at once`,
    );
  }
  return Math.min(pace.maxHoldSeconds, inRefund, inGrace);
}
