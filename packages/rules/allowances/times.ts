import type { AllowanceMessage } from "@compute-credits/protocol/messages/allowance";
import { LAST_SECOND } from "@compute-credits/protocol/times";

/** The reason why an allowance could never be valid, or not when its owner meant it. */
export type TimesRefusal =
  | { readonly reason: "times_out_of_range"; readonly field: "startsAt" | "expiresAt" }
  | { readonly reason: "expires_before_start" };

/**
 * Checks the times of an allowance, in seconds since 1970; `null` if it can be valid. A time after
 * the year 9999 is one in milliseconds: it would start or expire some 50,000 years late.
 */
export function checkTimes({
  startsAt,
  expiresAt,
}: Pick<AllowanceMessage, "startsAt" | "expiresAt">): TimesRefusal | null {
  if (startsAt > LAST_SECOND) return { reason: "times_out_of_range", field: "startsAt" };
  if (expiresAt > LAST_SECOND) return { reason: "times_out_of_range", field: "expiresAt" };
  if (expiresAt !== 0n && expiresAt <= startsAt) return { reason: "expires_before_start" };
  return null;
}
