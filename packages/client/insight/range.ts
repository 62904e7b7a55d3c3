import { CreditsError } from "../errors/creditsError.ts";

/** A range of time. The default is the last 31 days; `range_too_long` refuses sums over 366. */
export interface Range {
  /** inclusive */
  readonly from?: Date;
  /** exclusive */
  readonly to?: Date;
}

/** The query of a range. Throws a `CreditsError` (`invalid_input`) for a date that is none. */
export function rangeQuery({ from, to }: Range): { from?: string; to?: string } {
  return {
    ...(from === undefined ? {} : { from: timeText(from) }),
    ...(to === undefined ? {} : { to: timeText(to) }),
  };
}

function timeText(time: Date): string {
  try {
    return time.toISOString();
  } catch (cause) {
    throw new CreditsError("from or to is no time", { reason: "invalid_input", cause });
  }
}
