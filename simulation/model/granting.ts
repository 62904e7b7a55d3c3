import type { Hex } from "viem";

import { type Scope, scopeHash } from "@compute-credits/protocol/messages/allowance";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import type { GrantRequest } from "@compute-credits/rules/grants/grant";
import type { SignedAllowance } from "../../server/stores/allowances/allowanceStore.ts";
import { saidByGrant } from "../fingerprint.ts";
import type { ModelState } from "./modelState.ts";
import { periodOf } from "./budget.ts";
import type { ModelAllowance } from "./state.ts";

const FRESH = { carried: 0n, used: 0n, spent: 0n, revokedAt: null };

/** Budgets begin with the period that the allowance arrives in. */
export function allow(
  modelState: ModelState,
  { id, message, scope }: SignedAllowance,
  { createdAt, period }: { createdAt: Date; period: bigint },
): void {
  if (modelState.allowances.has(id)) return;
  if (scopeHash(scope) !== message.scope) throw new Error("a scope of its own");
  const allowance: ModelAllowance = {
    id,
    message,
    scope,
    campaign: null,
    createdAt,
    period,
    ...FRESH,
  };
  modelState.set(modelState.allowances, id, allowance);
}

export function revoke(modelState: ModelState, id: Hex, revokedAt: Date): void {
  const allowance = modelState.allowances.get(id);
  if (allowance === undefined || allowance.revokedAt !== null) return;
  modelState.set(modelState.allowances, id, { ...allowance, revokedAt });
}

/** Why a campaign grants nothing at that moment; `null` where it does. */
export function whyNothingIsGranted(
  modelState: ModelState,
  campaign: Hex,
  at: Date,
): string | null {
  const { message, revokedAt } = modelState.allowance(campaign);
  if (revokedAt !== null || modelState.account(message.account).counter !== message.counter) {
    return "campaign_revoked";
  }
  const isExpiredGrant =
    message.expiresAt > 0n && BigInt(Math.floor(at.getTime() / 1000)) >= message.expiresAt;
  return isExpiredGrant ? "campaign_expired" : null;
}

/** What is said of one grant: what it is called, or why there is none. */
export type GrantPrediction =
  { readonly granted: true; readonly repeated: boolean } | { readonly refused: string };

/** Of a campaign that grants. `issued` is the allowance that the ledger says it made. */
export function grant(
  modelState: ModelState,
  campaign: Hex,
  request: GrantRequest,
  { issued, at }: { issued: Allowance | null; at: Date },
): GrantPrediction {
  const key = `${campaign}|${request.key}`;
  const before = modelState.grants.get(key);
  const said = saidByGrant(request);
  if (before !== undefined) {
    return before.said === said
      ? { granted: true, repeated: true }
      : { refused: "grant_id_conflict" };
  }
  const { message, scope } = modelState.allowance(campaign);
  const expiresAt = request.expiresAt ?? message.expiresAt;
  const startsAt = request.startsAt ?? message.startsAt;
  const wanted = request.scope ?? scope;
  if (startsAt < message.startsAt) return { refused: "beyond_campaign" };
  if (message.expiresAt > 0n && expiresAt > message.expiresAt)
    return { refused: "beyond_campaign" };
  if (!isWithin(wanted, scope)) return { refused: "beyond_campaign" };
  if (expiresAt > 0n && expiresAt * 1000n <= BigInt(at.getTime()))
    return { refused: "grant_expired" };
  if (issued === null) return { granted: true, repeated: false };

  const expected = {
    ...message,
    spender: request.spender,
    limit: request.limit,
    period: request.period,
    rollover: request.rollover,
    priority: request.priority ?? message.priority,
    startsAt,
    expiresAt,
    scope: issued.message.scope,
    salt: issued.message.salt,
  };
  modelState.set(modelState.grants, key, { said, id: issued.id });
  modelState.set(modelState.allowances, issued.id, {
    id: issued.id,
    message: expected,
    scope: narrow(wanted, scope),
    campaign,
    createdAt: issued.createdAt,
    period: periodOf(expected, issued.createdAt),
    ...FRESH,
  });
  return { granted: true, repeated: false };
}

function isWithin(wanted: Scope, campaign: Scope): boolean {
  return (
    areAllIn<string>(wanted.providers, campaign.providers) &&
    areAllIn<string>(wanted.meters, campaign.meters)
  );
}

function areAllIn<T>(some: readonly T[], all: readonly T[]): boolean {
  return all.length === 0 || some.every((one) => all.includes(one));
}

/** Nothing named is all that the campaign has. */
function narrow(wanted: Scope, campaign: Scope): Scope {
  return {
    providers: wanted.providers.length === 0 ? campaign.providers : wanted.providers,
    meters: wanted.meters.length === 0 ? campaign.meters : wanted.meters,
  };
}
