import type { Allowance } from "../allowances/allowance.ts";
import { secondsSince1970 } from "../allowances/period.ts";

/** Why nothing can be granted out of an allowance, whatever it is. */
export type IssuingRefusal =
  /** grants are issued out of what an owner signed, not out of other grants */
  | { readonly reason: "campaign_is_grant" }
  | { readonly reason: "campaign_revoked" }
  | { readonly reason: "campaign_expired" };

/** `null` where its key may issue grants. `counter` is that of the allowance's account. */
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
