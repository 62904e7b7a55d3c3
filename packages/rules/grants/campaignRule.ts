import { createHash } from "node:crypto";

import type { Address, Hex } from "viem";

import type { RuleKind } from "@compute-credits/protocol/json/ruleKinds";
import { type SpenderId, walletSpender } from "@compute-credits/protocol/messages/spender";
import type { Allowance } from "../allowances/allowance.ts";
import { secondsSince1970 } from "../allowances/period.ts";
import type { TimesRefusal } from "../allowances/times.ts";
import { type BeyondCampaign, type Grant, draftGrant } from "./grant.ts";
import type { GrantTerms } from "./grantTerms.ts";
import { expiryOf, startOf } from "./promotionCode.ts";

/** A campaign's rule as its issuer sets it: what is asked of an account, and what it is granted. */
export interface RuleTerms extends Omit<GrantTerms, "startsAt" | "expiresAt"> {
  readonly kind: RuleKind;
  /** micro-credits; at least 1. What the account must have bought, spent or earned. */
  readonly atLeastMicros: bigint;
  /** the most accounts that are granted to */
  readonly maxGrants: bigint;
  /** seconds since 1970; 0 = until the campaign expires */
  readonly claimBy: bigint;
  /** lifetime of a grant from its claim, in seconds; 0 = until the campaign expires */
  readonly validSeconds: bigint;
}

/** A rule that counts only what comes after it was set. */
export interface CampaignRule extends RuleTerms {
  readonly setAt: Date;
  /** the last block whose events the ledger had recorded then */
  readonly sinceBlock: bigint;
  readonly closedAt: Date | null;
  /** how many accounts were granted to so far */
  readonly grants: bigint;
}

/** What the ledger knows of an account. No request of the account can take any of it back. */
export interface ClaimFacts {
  /** on chain, whoever paid; `null` before the first */
  readonly firstPurchase: { readonly block: bigint; readonly amountMicros: bigint } | null;
  /** the first debit, and what was spent and not voided on its day in UTC; `null` before it */
  readonly firstUse: { readonly at: Date; readonly dayMicros: bigint } | null;
  /** the first debit that it earned from as a provider; `null` before it */
  readonly firstPaidAt: Date | null;
  /** of its row in a checkpoint that nothing voids any more */
  readonly finalSpentMicros: bigint;
  /** of the same row; net of the operator's fee */
  readonly finalEarnedMicros: bigint;
}

/** The account that a claim names as the one that brought it. */
export interface Referrer {
  readonly account: Address;
  readonly finalSpentMicros: bigint;
}

export type ClaimRefusal =
  | { readonly reason: "rule_closed" | "rule_expired" | "rule_used_up" | "wrong_referrer" }
  /** later it may be; `missingMicros` is what must still be final, 0 if something else is missing */
  | { readonly reason: "rule_not_met"; readonly missingMicros: bigint }
  /** it can never be, for this account */
  | { readonly reason: "rule_never_met" }
  | BeyondCampaign
  | TimesRefusal;

/** A claim of an account's grant. The caller has checked that the spender is the account's. */
export interface Claim {
  readonly account: Address;
  readonly spender: SpenderId;
  readonly facts: ClaimFacts;
  readonly referrer: Referrer | null;
  readonly now: Date;
}

/** Decides a claim: the account's grant out of the campaign, or why it has none. */
export function claimGrant(
  rule: CampaignRule,
  campaign: Allowance,
  claim: Claim,
): Grant | ClaimRefusal {
  const { account, spender, now } = claim;
  if (rule.closedAt !== null) return { reason: "rule_closed" };
  if (rule.claimBy !== 0n && rule.claimBy <= secondsSince1970(now)) {
    return { reason: "rule_expired" };
  }
  if (rule.grants >= rule.maxGrants) return { reason: "rule_used_up" };
  return unmetRule(rule, claim) ?? draftRuleGrant(rule, campaign, { account, spender, now });
}

/** The grant that the rule gives an account. It starts with its claim, or with its campaign. */
export function draftRuleGrant(
  terms: RuleTerms,
  campaign: Allowance,
  {
    account,
    spender,
    now,
  }: { readonly account: Address; readonly spender: SpenderId; readonly now: Date },
): Grant | BeyondCampaign | TimesRefusal {
  const seconds = secondsSince1970(now);
  return draftGrant(campaign, {
    ...terms,
    key: ruleKey(account),
    spender,
    startsAt: startOf(campaign, seconds),
    expiresAt: expiryOf(terms, campaign, seconds),
  });
}

/** Why an account does not meet a rule; `null` if it does. */
export function unmetRule(
  { kind, atLeastMicros, setAt, sinceBlock }: CampaignRule,
  { account, facts, referrer, now }: Omit<Claim, "spender">,
): ClaimRefusal | null {
  const { firstPurchase, firstUse, firstPaidAt, finalSpentMicros, finalEarnedMicros } = facts;
  if (kind !== "referral" && referrer !== null) return { reason: "wrong_referrer" };
  switch (kind) {
    case "first_purchase":
      if (firstPurchase === null) return missing(atLeastMicros);
      if (firstPurchase.block <= sinceBlock) return NEVER;
      if (firstPurchase.amountMicros < atLeastMicros) return NEVER;
      return short(atLeastMicros, finalSpentMicros);
    case "first_day":
      if (firstUse === null) return missing(atLeastMicros);
      if (firstUse.at < setAt) return NEVER;
      if (firstUse.dayMicros < atLeastMicros) {
        return dayOf(now) > dayOf(firstUse.at)
          ? NEVER
          : missing(atLeastMicros - firstUse.dayMicros);
      }
      return short(atLeastMicros, finalSpentMicros);
    case "referral":
      if (referrer === null || referrer.account === account) return { reason: "wrong_referrer" };
      if (firstPurchase === null) return missing(atLeastMicros);
      if (firstPurchase.block <= sinceBlock) return NEVER;
      return (
        short(atLeastMicros, referrer.finalSpentMicros) ?? short(atLeastMicros, finalSpentMicros)
      );
    case "first_paid_job":
      if (firstPaidAt === null) return missing(atLeastMicros);
      if (firstPaidAt < setAt) return NEVER;
      return short(atLeastMicros, finalEarnedMicros);
    default:
      return kind satisfies never;
  }
}

/** Why a rule cannot be set: no account could ever meet it, or its grants would be invalid. */
export function ruleError(
  terms: RuleTerms,
  campaign: Allowance,
  now: Date,
): BeyondCampaign | TimesRefusal | { readonly reason: "rule_never_met" } | null {
  const seconds = secondsSince1970(now);
  if (terms.claimBy !== 0n && terms.claimBy <= seconds) return NEVER;
  // Nothing that it granted could be spent.
  if (campaign.message.limit === 0n || terms.limit === 0n) return NEVER;
  const { account } = campaign.message;
  const spender = walletSpender(account);
  const draft = draftRuleGrant(terms, campaign, { account, spender, now });
  return "reason" in draft ? draft : null;
}

/**
 * The grant's key for an account, so that a campaign grants to it once. It contains a space, which
 * an issuer's key cannot, so the two never collide.
 */
export function ruleKey(account: Address): string {
  return `rule ${account}`;
}

/** Whether a grant's key is that of a claim. */
export function isRuleGrant(grantKey: string): boolean {
  return grantKey.startsWith("rule ");
}

/** Hashes a rule's terms, so that a repeated request differs from a conflicting one. */
export function ruleHash(terms: RuleTerms): Hex {
  const fields = [
    terms.kind,
    `${terms.atLeastMicros}`,
    `${terms.limit}`,
    `${terms.period}`,
    `${terms.rollover}`,
    terms.priority,
    terms.scope,
    `${terms.maxGrants}`,
    `${terms.claimBy}`,
    `${terms.validSeconds}`,
  ];
  return `0x${createHash("sha256").update(JSON.stringify(fields)).digest("hex")}`;
}

const DAY_MS = 86_400_000;

/** The day in UTC, as a number that grows. */
export function dayOf(at: Date): number {
  return Math.floor(at.getTime() / DAY_MS);
}

const NEVER = { reason: "rule_never_met" } as const;

function missing(missingMicros: bigint): ClaimRefusal {
  return { reason: "rule_not_met", missingMicros };
}

function short(atLeastMicros: bigint, hasMicros: bigint): ClaimRefusal | null {
  return hasMicros >= atLeastMicros ? null : missing(atLeastMicros - hasMicros);
}
