import { calendarMonths } from "@compute-credits/protocol/messages/period";
import { usable } from "../errors/usable.ts";

/** After which a limit renews: a number of seconds, or of calendar months in UTC, up to 1,200. */
export type Period = { readonly seconds: bigint } | { readonly months: number };

/** As messages and routes have it; 0 without a period. Throws a `CreditsError` (`invalid_input`). */
export function periodOf(period: Period | undefined): bigint {
  if (period === undefined) return 0n;
  return "months" in period ? usable(() => calendarMonths(period.months)) : period.seconds;
}
