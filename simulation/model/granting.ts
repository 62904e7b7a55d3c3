import { type Hex, pad, zeroHash } from "viem";

import { type Scope, scopeHash } from "@compute-credits/protocol/messages/allowance";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import type { GrantRequest } from "@compute-credits/rules/grants/grant";
import type { AcceptanceProof } from "@compute-credits/rules/acceptances/acceptance";
import type { SignedAllowance } from "../../server/stores/allowances/allowanceStore.ts";
import { fingerprintOfGrant } from "../fingerprint.ts";
import { isIssuer } from "../limits.ts";
import { accept, isAccepted, isAlive, pairKey } from "./accepting.ts";
import { grantKey } from "./keyOf.ts";
import type { ModelState } from "./modelState.ts";
import { periodOf } from "./budget.ts";
import type { ModelAllowance } from "./state.ts";

const UNUSED = { carried: 0n, used: 0n, spent: 0n, revokedAt: null };

/** What the ledger answered about a new allowance, and what its spender said with it. */
export interface Arrival {
  readonly createdAt: Date;
  readonly period: bigint;
  readonly proof: AcceptanceProof | null;
  /** when the account was accepted, if it was by this */
  readonly acceptedAt: Date;
}

/** Adds an allowance. Its budget starts in `period`, the period in which the ledger stored it. */
export function allow(
  modelState: ModelState,
  { id, message, scope, byContract }: SignedAllowance,
  { createdAt, period, proof, acceptedAt }: Arrival,
): void {
  const { spender, account } = message;
  const isNew = !modelState.allowances.has(id);
  if (isNew) {
    modelState.set(modelState.allowances, id, {
      id,
      message,
      scope,
      campaign: null,
      byContract,
      createdAt,
      period,
      ...UNUSED,
      accepted: isAccepted(modelState, message),
    });
  }
  // A rule accepts only with a new allowance.
  if (proof !== null && (isNew || proof.how === "key" || proof.how === "wallet")) {
    accept(modelState, { spender, account, accepted: true, proof }, acceptedAt);
  }
  if (isNew) {
    // A new one counts with its account, even if it can never pay: its counter was raised meanwhile.
    const added = modelState.allowance(id);
    modelState.set(modelState.allowances, id, {
      ...added,
      accepted: isAccepted(modelState, message),
    });
  }
  if (scopeHash(scope) !== message.scope) throw new Error("the scope does not match its hash");
}

export function revoke(modelState: ModelState, id: Hex, revokedAt: Date): void {
  const allowance = modelState.allowances.get(id);
  if (allowance === undefined || allowance.revokedAt !== null) return;
  modelState.set(modelState.allowances, id, { ...allowance, revokedAt });
}

/** Returns why a campaign issues nothing to the issuer at that time; `null` if it does. */
export function campaignRefusal(
  modelState: ModelState,
  campaign: Hex,
  issuer: Hex,
  at: Date,
): string | null {
  const refusal = campaignEnd(modelState, campaign, at);
  if (refusal !== null) return refusal;
  return mayIssue(modelState, campaign, issuer) ? null : "not_the_issuer";
}

/** Returns why a campaign gives no grants any more; `null` if it does. */
export function campaignEnd(modelState: ModelState, campaign: Hex, at: Date): string | null {
  const { message, revokedAt } = modelState.allowance(campaign);
  if (revokedAt !== null || modelState.account(message.account).counter !== message.counter) {
    return "campaign_revoked";
  }
  const isExpired =
    message.expiresAt > 0n && BigInt(Math.floor(at.getTime() / 1000)) >= message.expiresAt;
  return isExpired ? "campaign_expired" : null;
}

/** Whether the issuer is the campaign's owner, or an open key of it for this campaign. */
export function mayIssue(modelState: ModelState, campaign: Hex, issuer: Hex): boolean {
  const { account, counter } = modelState.allowance(campaign).message;
  if (issuer === pad(account, { size: 32 })) return true;
  const key = modelState.issuingKeys.get(issuer);
  if (key === undefined || key.isRevoked || key.account !== account) return false;
  return key.counter === counter && [campaign, zeroHash].includes(key.campaign);
}

/** The predicted outcome of one grant request. */
export type GrantPrediction =
  { readonly granted: true; readonly repeated: boolean } | { readonly refused: string };

/**
 * Predicts a grant of a valid campaign. If `issued` is the ledger's allowance, also adds it to the
 * model.
 */
export function grant(
  modelState: ModelState,
  campaign: Hex,
  request: GrantRequest,
  { issued, at }: { issued: Allowance | null; at: Date },
): GrantPrediction {
  const key = grantKey(campaign, request.key);
  const existing = modelState.grants.get(key);
  const fingerprint = fingerprintOfGrant(request);
  if (existing !== undefined) {
    return existing.fingerprint === fingerprint
      ? { granted: true, repeated: true }
      : { refused: "grant_id_conflict" };
  }
  const draft = draftGrant(modelState.allowance(campaign), request);
  if ("refused" in draft) return draft;
  const { expiresAt } = draft.message;
  if (expiresAt > 0n && expiresAt * 1000n <= BigInt(at.getTime())) {
    return { refused: "grant_expired" };
  }
  if (issued === null) return { granted: true, repeated: false };

  const { spender, account } = draft.message;
  const pair = { spender, account };
  if (isIssuer(pair.account) && !modelState.acceptances.has(pairKey(pair))) {
    modelState.set(modelState.acceptances, pairKey(pair), { accepted: true, signedAt: 0n });
    for (const waiting of modelState.allowances.values()) {
      const isOfPair = pairKey(waiting.message) === pairKey(pair);
      if (!isOfPair || !isAlive(modelState, waiting, issued.createdAt)) continue;
      modelState.set(modelState.allowances, waiting.id, { ...waiting, accepted: true });
    }
  }
  addGrant(modelState, draft, { campaign, key, fingerprint, issued });
  return { granted: true, repeated: false };
}

type GrantDraft = Pick<ModelAllowance, "message" | "scope" | "byContract">;

/** Takes over from the campaign what the terms leave open, or says why they go beyond it. */
export function draftGrant(
  { message: parent, scope, byContract }: ModelAllowance,
  terms: Omit<GrantRequest, "key">,
): GrantDraft | { readonly refused: string } {
  const expiresAt = terms.expiresAt ?? parent.expiresAt;
  const startsAt = terms.startsAt ?? parent.startsAt;
  const requestedScope = terms.scope ?? scope;
  if (expiresAt > 0n && expiresAt <= startsAt) return { refused: "expires_before_start" };
  if (startsAt < parent.startsAt) return { refused: "beyond_campaign" };
  if (parent.expiresAt > 0n && expiresAt > parent.expiresAt) return { refused: "beyond_campaign" };
  if (!isWithin(requestedScope, scope)) return { refused: "beyond_campaign" };
  const { spender, limit, period, rollover } = terms;
  const priority = terms.priority ?? parent.priority;
  const own = { spender, limit, period, rollover, priority, startsAt, expiresAt };
  return { message: { ...parent, ...own }, scope: narrow(requestedScope, scope), byContract };
}

/** Adds a grant that the ledger made. It counts if its account is accepted. */
export function addGrant(
  modelState: ModelState,
  { message: drafted, ...draft }: GrantDraft,
  { campaign, key, fingerprint, issued }: ModelGrantRequest & { issued: Allowance },
): void {
  const { scope, salt } = issued.message;
  const message = { ...drafted, scope, salt };
  const { id, createdAt } = issued;
  modelState.set(modelState.grants, key, { fingerprint, id });
  modelState.set(modelState.allowances, id, {
    id,
    message,
    ...draft,
    campaign,
    createdAt,
    period: periodOf(message, createdAt),
    ...UNUSED,
    accepted: isAccepted(modelState, message),
  });
}

interface ModelGrantRequest {
  readonly campaign: Hex;
  /** by `grantKey` */
  readonly key: string;
  readonly fingerprint: string;
}

function isWithin(requestedScope: Scope, campaign: Scope): boolean {
  return (
    areAllIn<string>(requestedScope.providers, campaign.providers) &&
    areAllIn<string>(requestedScope.meters, campaign.meters)
  );
}

function areAllIn<T>(some: readonly T[], all: readonly T[]): boolean {
  return all.length === 0 || some.every((one) => all.includes(one));
}

/** An empty list inherits the campaign's list. */
function narrow(requestedScope: Scope, campaign: Scope): Scope {
  return {
    providers:
      requestedScope.providers.length === 0 ? campaign.providers : requestedScope.providers,
    meters: requestedScope.meters.length === 0 ? campaign.meters : requestedScope.meters,
  };
}
