import { Router } from "express";
import type { Hex } from "viem";

import {
  addCodes,
  closeCode,
  listCodes,
  redeemCode,
} from "@compute-credits/api/allowances/promotionCodes";
import { exactCodeHash, promotionCodeHash } from "@compute-credits/protocol/messages/promotionCode";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { PromotionCode } from "@compute-credits/rules/grants/promotionCode";
import { bearerKey } from "../../http/authentication.ts";
import { mount } from "../../http/mount.ts";
import { boundedPage } from "../../http/page.ts";
import type { Permit } from "../../http/permit.ts";
import { ProblemError } from "../../http/problem.ts";
import { notTheSpender, provenSpender } from "../../http/spenderProof.ts";
import type { AllowanceStore } from "../../stores/allowances/allowanceStore.ts";
import type {
  CodeOutcome,
  GrantStore,
  RedeemOutcome,
  Redemption,
} from "../../stores/allowances/grantStore.ts";
import { campaignFor } from "./campaignFor.ts";
import { describeAllowance } from "./describeAllowance.ts";
import { grantProblem } from "./grantProblem.ts";
import {
  type BatchLimits,
  checkLength,
  checkScopes,
  countOutcomes,
  withOutcomes,
} from "./grantTerms.ts";
import { type IssuerDeps, issuersCampaign } from "./issuer.ts";

export interface PromotionCodeDeps {
  readonly allowances: Pick<AllowanceStore, "find" | "now" | "recordedCaps">;
  readonly grants: Pick<GrantStore, "addCodes" | "codes" | "closeCode" | "redeem">;
  readonly issuers: IssuerDeps;
  readonly chain: Pick<ChainReader, "deployment" | "signingOf">;
  readonly limits: BatchLimits;
  readonly permit: Permit;
}

export function promotionCodeRoutes({
  allowances,
  grants,
  issuers,
  chain,
  limits,
  permit,
}: PromotionCodeDeps): Router {
  const router = Router();

  mount(router, addCodes, async ({ req, read, answer }) => {
    const { campaign, issuer } = await issuersCampaign(req, issuers);
    checkLength(req.body, "codes", limits);
    const { codes } = read().body;
    checkScopes(codes, campaign.scope, limits);
    const outcomes = await grants.addCodes(campaign.id, codes, issuer);
    if ("reason" in outcomes) throw new ProblemError(grantProblem(outcomes));
    const described = withOutcomes(codes, outcomes, ({ codeHash }, outcome) =>
      describeOutcome(codeHash, outcome),
    );
    return answer(200, { outcomes: described, ...countOutcomes(outcomes) });
  });

  mount(router, listCodes, async ({ req, read, answer }) => {
    const { params } = read();
    const campaign = await campaignFor(req, {
      route: listCodes,
      id: params.id,
      permit,
      allowances,
    });
    const { cursor, limit } = read().query;
    const page = await grants.codes(campaign.id, { after: cursor ?? null, limit });
    const { shown, last } = boundedPage(page, limit, describeCode);
    return answer(200, { codes: shown, nextCursor: last?.codeHash ?? null });
  });

  mount(router, closeCode, async ({ req, read, answer }) => {
    const { campaign } = await issuersCampaign(req, issuers);
    const code = await grants.closeCode(campaign.id, read().params.codeHash);
    if (code === null) throw new ProblemError(grantProblem({ reason: "code_not_found" }));
    return answer(200, describeCode(code));
  });

  mount(router, redeemCode, async ({ req, read, answer }) => {
    const { params, body } = read();
    const wallet = "signature" in body ? body : null;
    // Before the look-up, so that without credentials the answer is always the same.
    if (wallet === null) bearerKey(req, "spender");
    const campaign = await allowances.find(params.id);
    // As of a wrong code, so that no key finds out which campaigns there are.
    if (campaign === null) throw new ProblemError(grantProblem({ reason: "code_not_found" }));
    const { account } = campaign.message;
    const proven = await provenSpender(req, chain, { account, accepted: true, wallet });
    if (wallet === null && body.spender !== undefined && body.spender !== proven.spender) {
      throw notTheSpender();
    }
    const redemption = { campaign: campaign.id, code: body.code, ...proven };
    const outcome = await redeemAsTyped(grants, redemption);
    if (outcome.result === "refused") throw new ProblemError(grantProblem(outcome.refusal));
    const { grant, repeated } = outcome;
    const recordedCaps = await allowances.recordedCaps([grant]);
    const now = await allowances.now();
    const described = describeAllowance(grant, { campaign, now, recordedCaps });
    return answer(repeated ? 200 : 201, { ...described, repeated });
  });

  return router;
}

/** Redeems the code by its canonical text, or by its exact text if the issuer hashed that. */
async function redeemAsTyped(
  grants: Pick<GrantStore, "redeem">,
  { code, ...redemption }: Omit<Redemption, "codeHash"> & { code: string },
): Promise<RedeemOutcome> {
  const outcome = await grants.redeem({ ...redemption, codeHash: promotionCodeHash(code) });
  const isUnknown = outcome.result === "refused" && outcome.refusal.reason === "code_not_found";
  if (!isUnknown) return outcome;
  return await grants.redeem({ ...redemption, codeHash: exactCodeHash(code) });
}

function describeOutcome(codeHash: Hex, outcome: CodeOutcome) {
  const { result } = outcome;
  return result === "added"
    ? { codeHash, result, repeated: outcome.repeated }
    : { codeHash, result, problem: grantProblem(outcome.refusal) };
}

function describeCode({ codeHash, redemptions, closedAt, ...terms }: PromotionCode) {
  return { codeHash, ...terms, redemptions, closedAt };
}
