import { usable } from "../errors/usable.ts";

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
    ...(from === undefined ? {} : { from: usable(() => from.toISOString()) }),
    ...(to === undefined ? {} : { to: usable(() => to.toISOString()) }),
  };
}
