import type { Hex } from "viem";

import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import type { GrantRequest } from "@compute-credits/rules/grants/grant";
import type { NewCode, Redemption } from "../../server/stores/allowances/grantStore.ts";
import { fingerprintOfCode, fingerprintOfGrant } from "../fingerprint.ts";
import { hear } from "./accepting.ts";
import { addGrant, campaignEnd, draftGrant } from "./granting.ts";
import { codeKey, grantKey, redemptionKey } from "./keyOf.ts";
import type { ModelState } from "./modelState.ts";
import type { ModelAllowance } from "./state.ts";

/** Seconds since 1970 of the end of the year 9999, which no expiry is later than. */
const LAST_SECOND = BigInt(Date.UTC(10_000, 0, 1) / 1000 - 1);

export type CodePrediction =
  { readonly added: true; readonly repeated: boolean } | { readonly refused: string };

/** Adds a code of a campaign that the issuer may use. */
export function addCode(modelState: ModelState, campaign: Hex, terms: NewCode): CodePrediction {
  const key = codeKey({ campaign, ...terms });
  const known = modelState.codes.get(key);
  if (known !== undefined) {
    return fingerprintOfCode(known.terms) === fingerprintOfCode(terms)
      ? { added: true, repeated: true }
      : { refused: "code_conflict" };
  }
  modelState.set(modelState.codes, key, { terms, redemptions: 0n, closedAt: null });
  return { added: true, repeated: false };
}

export function closeCode(
  modelState: ModelState,
  code: { campaign: Hex; codeHash: Hex },
  closedAt: Date,
): void {
  const known = modelState.codes.get(codeKey(code));
  if (known === undefined || known.closedAt !== null) return;
  modelState.set(modelState.codes, codeKey(code), { ...known, closedAt });
}

export type RedemptionPrediction =
  { readonly redeemed: true; readonly repeated: boolean } | { readonly refused: string };

/**
 * Redeems a code. Without the ledger's grant it changes the acceptance alone: run it as a trial.
 */
export function redeem(
  modelState: ModelState,
  { campaign, codeHash, spender, proof }: Redemption,
  { issued, at }: { issued: Allowance | null; at: Date },
): RedemptionPrediction {
  const refusal = campaignEnd(modelState, campaign, at);
  if (refusal !== null) return { refused: refusal };
  const key = grantKey(campaign, redemptionKey({ codeHash, spender }));
  if (modelState.grants.has(key)) return { redeemed: true, repeated: true };
  const code = modelState.codes.get(codeKey({ campaign, codeHash }));
  if (code === undefined) return { refused: "code_not_found" };
  const { terms, redemptions, closedAt } = code;
  if (closedAt !== null) return { refused: "code_closed" };
  const isLate = terms.redeemBy > 0n && at.getTime() >= Number(terms.redeemBy) * 1000;
  if (isLate) return { refused: "code_expired" };
  if (redemptions >= terms.maxRedemptions) return { refused: "code_used_up" };
  const parent = modelState.allowance(campaign);
  const request = redemptionTerms(terms, { campaign: parent, spender, at });
  const draft = draftGrant(parent, request);
  if ("refused" in draft) return draft;
  const { account } = parent.message;
  const heard = hear(modelState, { spender, account, accepted: true, proof }, at);
  if (heard !== "changed" && heard !== "unchanged") return { refused: heard };
  if (issued === null) return { redeemed: true, repeated: false };

  const fingerprint = fingerprintOfGrant(request);
  addGrant(modelState, draft, { campaign, key, fingerprint, issued });
  modelState.set(modelState.codes, codeKey({ campaign, codeHash }), {
    ...code,
    redemptions: redemptions + 1n,
  });
  return { redeemed: true, repeated: false };
}

/** The grant that a code gives to a spender who redeems it at that time. */
export function redemptionTerms(
  terms: NewCode,
  {
    campaign: { message },
    spender,
    at,
  }: { campaign: Pick<ModelAllowance, "message">; spender: Hex; at: Date },
): GrantRequest {
  const { codeHash, limit, period, rollover, priority, scope, validSeconds } = terms;
  const seconds = BigInt(Math.floor(at.getTime() / 1000));
  const ends = [message.expiresAt, validSeconds === 0n ? 0n : seconds + validSeconds];
  const first = ends
    .filter((end) => end > 0n && end <= LAST_SECOND)
    .toSorted((a, b) => (a < b ? -1 : 1))[0];
  return {
    key: redemptionKey({ codeHash, spender }),
    spender,
    limit,
    period,
    rollover,
    priority,
    scope,
    startsAt: message.startsAt > seconds ? message.startsAt : seconds,
    expiresAt: first ?? null,
  };
}
