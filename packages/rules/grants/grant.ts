import { createHash } from "node:crypto";

import type { Hex } from "viem";

import {
  type AllowanceMessage,
  type Scope,
  scopeHash,
} from "@compute-credits/protocol/messages/allowance";
import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { Allowance } from "../allowances/allowance.ts";
import { secondsSince1970 } from "../allowances/period.ts";
import { type TimesRefusal, checkTimes } from "../allowances/times.ts";
import type { GrantTerms } from "./grantTerms.ts";

/** An issuer's request for a grant. Unique by `(campaign, key)`. */
export interface GrantRequest extends GrantTerms {
  readonly key: string;
  readonly spender: SpenderId;
}

/** An allowance issued out of another one (its campaign) by the holder of the campaign's key. */
export type Grant = Pick<Allowance, "id" | "message" | "scope" | "signature" | "byContract"> & {
  readonly campaign: Hex;
  readonly key: string;
};

/** The field in which a requested grant exceeds the campaign that the owner signed. */
export type BeyondCampaign = {
  readonly reason: "beyond_campaign";
  readonly field: "startsAt" | "expiresAt" | "scope";
};

/**
 * Builds the allowance of a grant. It never exceeds its campaign in time or scope, and shares its
 * counter and cap. Its limit may exceed what the campaign has left: each debit counts against both,
 * so grants compete for the campaign's rest.
 */
export function draftGrant(
  campaign: Allowance,
  request: GrantRequest,
): Grant | BeyondCampaign | TimesRefusal {
  const ofCampaign = campaign.message;
  const startsAt = request.startsAt ?? ofCampaign.startsAt;
  const expiresAt = orNever(request.expiresAt) ?? ofCampaign.expiresAt;
  const scope = narrowScope(campaign.scope, request.scope);

  const times = checkTimes({ startsAt, expiresAt });
  if (times !== null) return times;
  if (startsAt < ofCampaign.startsAt) return { reason: "beyond_campaign", field: "startsAt" };
  if (ofCampaign.expiresAt !== 0n && expiresAt > ofCampaign.expiresAt) {
    return { reason: "beyond_campaign", field: "expiresAt" };
  }
  if (scope === null) return { reason: "beyond_campaign", field: "scope" };

  const message: AllowanceMessage = {
    account: ofCampaign.account,
    spender: request.spender,
    limit: request.limit,
    period: request.period,
    rollover: request.rollover,
    startsAt,
    expiresAt,
    priority: request.priority ?? ofCampaign.priority,
    // Hashing takes longer than all the rest, and most grants have their campaign's scope.
    scope: scope === campaign.scope ? ofCampaign.scope : scopeHash(scope),
    accountCap: ofCampaign.accountCap,
    counter: ofCampaign.counter,
    salt: 0n,
  };
  return {
    id: grantId(campaign.id, request.key, message),
    campaign: campaign.id,
    key: request.key,
    message,
    scope,
    signature: campaign.signature,
    byContract: campaign.byContract,
  };
}

/** Whether the grant has expired by `now`. */
export function isExpiredGrant({ message }: Pick<Grant, "message">, now: Date): boolean {
  return message.expiresAt !== 0n && message.expiresAt <= secondsSince1970(now);
}

/** Hashes all terms of the grant, so that a repeated request differs from a conflicting one. */
function grantId(campaign: Hex, key: string, message: AllowanceMessage): Hex {
  const fields = [
    "grant",
    campaign,
    key,
    message.spender,
    `${message.limit}`,
    `${message.period}`,
    `${message.rollover}`,
    `${message.startsAt}`,
    `${message.expiresAt}`,
    message.priority,
    message.scope,
  ];
  return `0x${createHash("sha256").update(JSON.stringify(fields)).digest("hex")}`;
}

/**
 * The issuer's scope if it lies within the campaign's, else `null`. Without one, the campaign's.
 */
function narrowScope(campaign: Scope, wanted: Scope | null): Scope | null {
  if (wanted === null) return campaign;
  if (wanted.providers.length === 0 && wanted.meters.length === 0) return campaign;
  const providers = narrowList(campaign.providers, wanted.providers);
  const meters = narrowList(campaign.meters, wanted.meters);
  return providers === null || meters === null ? null : { providers, meters };
}

/** Treats an empty `wanted` list as the campaign's whole list. */
function narrowList<T>(campaign: readonly T[], wanted: readonly T[]): readonly T[] | null {
  if (wanted.length === 0) return campaign;
  return campaign.length === 0 || wanted.every((name) => campaign.includes(name)) ? wanted : null;
}

function orNever(expiresAt: bigint | null): bigint | null {
  return expiresAt === 0n ? null : expiresAt;
}
