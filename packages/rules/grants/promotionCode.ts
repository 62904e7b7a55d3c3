import { createHash } from "node:crypto";

import type { Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { Allowance } from "../allowances/allowance.ts";
import { secondsSince1970 } from "../allowances/period.ts";
import { type BeyondCampaign, type Grant, draftGrant } from "./grant.ts";
import type { GrantTerms } from "./grantTerms.ts";

/** What the issuer decides about a code: the grant that it is redeemed for, by how many, until when. */
export interface PromotionTerms extends Omit<GrantTerms, "startsAt" | "expiresAt"> {
  readonly maxRedemptions: bigint;
  /** seconds since 1970; 0 = as long as the campaign */
  readonly redeemBy: bigint;
  /** how long a grant lasts from its redemption on, in seconds; 0 = as long as the campaign */
  readonly validSeconds: bigint;
}

/** A code as it is kept: whoever reads the books can't redeem it. */
export interface PromotionCode extends PromotionTerms {
  /** keccak-256 of the code's text. Unique by `(campaign, codeHash)`. */
  readonly codeHash: Hex;
  readonly redemptions: bigint;
  readonly closedAt: Date | null;
}

export type RedemptionRefusal =
  | { readonly reason: "code_closed" }
  | { readonly reason: "code_expired" }
  | { readonly reason: "code_used_up"; readonly maxRedemptions: bigint }
  | BeyondCampaign;

/** The grant that `spender` gets for a code now, or why none. Periods are counted from the redemption. */
export function redeem(
  code: PromotionCode,
  campaign: Allowance,
  spender: SpenderId,
  now: Date,
): Grant | RedemptionRefusal {
  const seconds = secondsSince1970(now);
  if (code.closedAt !== null) return { reason: "code_closed" };
  if (code.redeemBy !== 0n && code.redeemBy <= seconds) return { reason: "code_expired" };
  if (code.redemptions >= code.maxRedemptions) {
    return { reason: "code_used_up", maxRedemptions: code.maxRedemptions };
  }
  const { startsAt } = campaign.message;
  return draftGrant(campaign, {
    ...code,
    key: redemptionKey(code.codeHash, spender),
    spender,
    startsAt: seconds > startsAt ? seconds : startsAt,
    expiresAt: expiryOf(code, campaign, seconds),
  });
}

/** A spender redeems a code once. An issuer's own keys have no spaces: none is ever the same. */
export function redemptionKey(codeHash: Hex, spender: SpenderId): string {
  return `code ${codeHash} ${spender}`;
}

/** Equal for codes that say the same: what tells a repetition from a conflict. */
export function promotionHash(terms: PromotionTerms): Hex {
  const said = [
    `${terms.limit}`,
    `${terms.period}`,
    `${terms.rollover}`,
    terms.priority,
    terms.scope,
    `${terms.maxRedemptions}`,
    `${terms.redeemBy}`,
    `${terms.validSeconds}`,
  ];
  return `0x${createHash("sha256").update(JSON.stringify(said)).digest("hex")}`;
}

/** Never after the campaign's end. */
function expiryOf(
  { validSeconds }: PromotionTerms,
  { message }: Allowance,
  seconds: bigint,
): bigint | null {
  if (validSeconds === 0n) return null;
  const expiresAt = seconds + validSeconds;
  return message.expiresAt !== 0n && message.expiresAt < expiresAt ? null : expiresAt;
}
