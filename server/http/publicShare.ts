import { type Activity, createActivity } from "@compute-credits/platform/process/activity";

/** What requests without a provider's key get. */
export interface PublicLimits {
  /** of the time, while providers report */
  readonly percent: number;
  /** requests that wait for their turn; more are refused */
  readonly waiting: number;
}

/** The limits, and whether providers report now. */
export interface PublicShare extends Omit<PublicLimits, "percent"> {
  readonly reporting: Activity;
  /** milliseconds to leave to others after so many of work: none unless providers report */
  readonly restMs: (workedMs: number) => number;
}

/** Providers report while one of their requests came this recently. */
const RECENT_MS = 1_000;

export function createPublicShare(
  { percent, waiting }: PublicLimits,
  now?: () => number,
): PublicShare {
  const reporting = createActivity(RECENT_MS, now);
  return {
    waiting,
    reporting,
    restMs: (workedMs) => (reporting.isRecent() ? workedMs * (100 / percent - 1) : 0),
  };
}
