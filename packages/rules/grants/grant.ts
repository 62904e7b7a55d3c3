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
import type { GrantTerms } from "./grantTerms.ts";

/** A grant that the issuer asks for. Unique by `(campaign, key)`. */
export interface GrantRequest extends GrantTerms {
  readonly key: string;
  readonly spender: SpenderId;
}

/** An allowance that is issued out of another, its campaign, by whoever holds the campaign's key. */
export type Grant = Pick<Allowance, "id" | "message" | "scope" | "signature"> & {
  readonly campaign: Hex;
  readonly key: string;
};

/** What makes a grant wider than the campaign that the owner signed for. */
export type BeyondCampaign = {
  readonly reason: "beyond_campaign";
  readonly field: "startsAt" | "expiresAt" | "scope";
};

/**
 * The allowance that a grant is. Never wider than its campaign: neither longer, nor good for more, nor under another
 * counter or cap. Its limit may exceed what the campaign has left: what is spent counts against both, first come first served.
 */
export function draftGrant(campaign: Allowance, request: GrantRequest): Grant | BeyondCampaign {
  const ofCampaign = campaign.message;
  const startsAt = request.startsAt ?? ofCampaign.startsAt;
  const expiresAt = orNever(request.expiresAt) ?? ofCampaign.expiresAt;
  const scope = narrowed(campaign.scope, request.scope);

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
    scope: scopeHash(scope),
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
  };
}

/** Whether it is over before it begins. */
export function isOver({ message }: Pick<Grant, "message">, now: Date): boolean {
  return message.expiresAt !== 0n && message.expiresAt <= secondsSince1970(now);
}

/** Commits to all that the grant says: what tells a repetition from a conflict. */
function grantId(campaign: Hex, key: string, message: AllowanceMessage): Hex {
  const said = [
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
  return `0x${createHash("sha256").update(JSON.stringify(said)).digest("hex")}`;
}

/** The campaign's scope, or the part of it that the issuer names; `null` where it names something else. */
function narrowed(campaign: Scope, wanted: Scope | null): Scope | null {
  if (wanted === null) return campaign;
  const providers = narrowedList(campaign.providers, wanted.providers);
  const meters = narrowedList(campaign.meters, wanted.meters);
  return providers === null || meters === null ? null : { providers, meters };
}

/** An empty list is everything: of the campaign's, that is the campaign's. */
function narrowedList<T>(campaign: readonly T[], wanted: readonly T[]): readonly T[] | null {
  if (wanted.length === 0) return campaign;
  return campaign.length === 0 || wanted.every((name) => campaign.includes(name)) ? wanted : null;
}

function orNever(expiresAt: bigint | null): bigint | null {
  return expiresAt === 0n ? null : expiresAt;
}
