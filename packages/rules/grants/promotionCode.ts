import { createHash } from "node:crypto";

import type { Hex } from "viem";

import { LAST_SECOND } from "@compute-credits/protocol/times";
import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { Allowance } from "../allowances/allowance.ts";
import { secondsSince1970 } from "../allowances/period.ts";
import type { TimesRefusal } from "../allowances/times.ts";
import { type BeyondCampaign, type Grant, draftGrant } from "./grant.ts";
import type { GrantTerms } from "./grantTerms.ts";

/**
 * The issuer's terms of a code: the grant it gives, the number of redemptions, and the deadline.
 */
export interface PromotionTerms extends Omit<GrantTerms, "startsAt" | "expiresAt"> {
  readonly maxRedemptions: bigint;
  /** seconds since 1970; 0 = until the campaign expires */
  readonly redeemBy: bigint;
  /** lifetime of the grant from its redemption, in seconds; 0 = until the campaign expires */
  readonly validSeconds: bigint;
}

/** A stored code. It holds only the hash, so a reader of the database cannot redeem it. */
export interface PromotionCode extends PromotionTerms {
  /** keccak-256 of the code. Unique by `(campaign, codeHash)`. */
  readonly codeHash: Hex;
  readonly redemptions: bigint;
  readonly closedAt: Date | null;
}

export type RedemptionRefusal =
  | { readonly reason: "code_closed" }
  | { readonly reason: "code_expired" }
  | { readonly reason: "code_used_up"; readonly maxRedemptions: bigint }
  | BeyondCampaign
  | TimesRefusal;

/**
 * Redeems a code for `spender`: returns the grant, or the reason for the refusal. The grant starts
 * now, or with its campaign if that starts later; its periods count from then.
 */
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
  return draftGrant(campaign, {
    ...code,
    key: redemptionKey(code.codeHash, spender),
    spender,
    startsAt: startOf(campaign, seconds),
    expiresAt: expiryOf(code, campaign, seconds),
  });
}

/**
 * The grant's key for a redemption, so that a spender redeems a code once. It contains spaces,
 * which an issuer's key cannot, so the two never collide.
 */
export function redemptionKey(codeHash: Hex, spender: SpenderId): string {
  return `code ${codeHash} ${spender}`;
}

/** Whether a grant's key is that of a redemption. */
export function isRedemption(grantKey: string): boolean {
  return grantKey.startsWith("code ");
}

/** Hashes a code's terms, so that a repeated request differs from a conflicting one. */
export function promotionHash(terms: PromotionTerms): Hex {
  const fields = [
    `${terms.limit}`,
    `${terms.period}`,
    `${terms.rollover}`,
    terms.priority,
    terms.scope,
    `${terms.maxRedemptions}`,
    `${terms.redeemBy}`,
    `${terms.validSeconds}`,
  ];
  return `0x${createHash("sha256").update(JSON.stringify(fields)).digest("hex")}`;
}

/** A grant starts at `seconds`, or with its campaign if that starts later. */
export function startOf({ message }: Allowance, seconds: bigint): bigint {
  return seconds > message.startsAt ? seconds : message.startsAt;
}

/** The grant's expiry in seconds since 1970; `null` takes the campaign's, which is the latest. */
export function expiryOf(
  { validSeconds }: Pick<PromotionTerms, "validSeconds">,
  { message }: Allowance,
  seconds: bigint,
): bigint | null {
  if (validSeconds === 0n) return null;
  const expiresAt = seconds + validSeconds;
  const latest = message.expiresAt === 0n ? LAST_SECOND : message.expiresAt;
  return latest < expiresAt ? null : expiresAt;
}
