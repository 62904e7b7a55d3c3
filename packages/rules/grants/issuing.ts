import type { Allowance } from "../allowances/allowance.ts";
import { secondsSince1970 } from "../allowances/period.ts";

/** The reason why no grant can be issued out of an allowance. */
export type IssuingRefusal =
  /** only an allowance that an owner signed can issue grants; a grant cannot */
  | { readonly reason: "campaign_is_grant" }
  | { readonly reason: "campaign_revoked" }
  | { readonly reason: "campaign_expired" }
  /** the issuing key was revoked, or is not for this campaign */
  | { readonly reason: "not_the_issuer" };

/**
 * Checks whether grants can be issued out of an allowance; `null` if so. `counter` is the current
 * counter of its account on chain.
 */
export function issuingRefusal(
  { campaign, message, revokedAt }: Allowance,
  { now, counter }: { now: Date; counter: bigint },
): IssuingRefusal | null {
  if (campaign !== null) return { reason: "campaign_is_grant" };
  if (revokedAt !== null || message.counter !== counter) return { reason: "campaign_revoked" };
  if (message.expiresAt !== 0n && message.expiresAt <= secondsSince1970(now)) {
    return { reason: "campaign_expired" };
  }
  return null;
}
