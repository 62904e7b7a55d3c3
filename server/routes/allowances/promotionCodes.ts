import { Router } from "express";
import type { Hex } from "viem";
import { z } from "zod";

import { PAGES, MAX_GRANTS_PER_REQUEST } from "../../http/bounds.ts";
import {
  Bytes32Field,
  SecondsField,
  SpenderField,
  uintField,
  boundedList,
} from "@compute-credits/protocol/json/fields";
import { exactCodeHash, promotionCodeHash } from "@compute-credits/protocol/messages/promotionCode";
import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { PromotionCode } from "@compute-credits/rules/grants/promotionCode";
import { lastOfFullPage, limitField } from "../../http/page.ts";
import { parse } from "../../http/parse.ts";
import { ProblemError } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import type { AllowanceStore } from "../../stores/allowances/allowanceStore.ts";
import type { GrantStore, RedeemOutcome } from "../../stores/allowances/grantStore.ts";
import { describeAllowance } from "./describeAllowance.ts";
import { findAllowance } from "./findAllowance.ts";
import { grantProblem } from "./grantProblem.ts";
import { type BatchLimits, GrantTermsBody, checkBatch, countOutcomes } from "./grantTerms.ts";
import { type IssuerDeps, issuersCampaign } from "./issuer.ts";

const CodesBody = z.strictObject({
  codes: boundedList(
    GrantTermsBody.extend({
      codeHash: Bytes32Field,
      maxRedemptions: uintField(63)
        .refine((most) => most > 0n, "must be at least 1")
        .default(1n),
      redeemBy: SecondsField.default(0n),
      validSeconds: SecondsField.default(0n),
    }),
    MAX_GRANTS_PER_REQUEST,
  ),
});

/** The code as it was printed, without the spaces that people type around it. */
const RedemptionBody = z.strictObject({
  code: z.string().trim().min(4).max(128),
  spender: SpenderField,
});

const NoBody = z.strictObject({}).optional();

const PageQuery = z.strictObject({
  cursor: Bytes32Field.optional(),
  limit: limitField(PAGES.list),
});

export interface PromotionCodeDeps {
  readonly allowances: Pick<AllowanceStore, "find" | "now" | "recordedCaps">;
  readonly grants: Pick<GrantStore, "addCodes" | "codes" | "closeCode" | "redeem">;
  readonly issuers: IssuerDeps;
  readonly limits: BatchLimits;
}

/**
 * By the owner's wallet or with an issuing key:
 * `POST /v1/allowances/:id/codes`: 200 with one outcome each, in order.
 * `GET /v1/allowances/:id/codes`: its codes, in pages.
 * `POST /v1/allowances/:id/codes/:codeHash/closure`: 200, and the code can no longer be redeemed.
 * With the code alone: `POST /v1/allowances/:id/redemptions`: 201 with the grant; 200 if repeated.
 */
export function promotionCodeRoutes({
  allowances,
  grants,
  issuers,
  limits,
}: PromotionCodeDeps): Router {
  const router = Router();

  router.post("/allowances/:id/codes", async (req, res) => {
    const { campaign, issuer } = await issuersCampaign(req, issuers);
    const { codes } = parse(CodesBody, req.body);
    checkBatch(codes, limits);
    const outcomes = await grants.addCodes(campaign.id, codes, issuer);
    if ("reason" in outcomes) throw new ProblemError(grantProblem(outcomes));
    const described = outcomes.map((outcome, index) => {
      const codeHash = codes[index]?.codeHash ?? null;
      return outcome.result === "added"
        ? { codeHash, ...outcome }
        : { codeHash, result: outcome.result, problem: grantProblem(outcome.refusal) };
    });
    respond(res, 200, { outcomes: described, ...countOutcomes(outcomes) });
  });

  router.get("/allowances/:id/codes", async (req, res) => {
    const { campaign } = await issuersCampaign(req, issuers);
    const { cursor, limit } = parse(PageQuery, req.query);
    const page = await grants.codes(campaign.id, { after: cursor ?? null, limit });
    respond(res, 200, {
      codes: page.map(describeCode),
      nextCursor: lastOfFullPage(page, limit)?.codeHash ?? null,
    });
  });

  router.post("/allowances/:id/codes/:codeHash/closure", async (req, res) => {
    const { campaign } = await issuersCampaign(req, issuers);
    parse(NoBody, req.body);
    const code = await grants.closeCode(campaign.id, parse(Bytes32Field, req.params.codeHash));
    if (code === null) throw new ProblemError(grantProblem({ reason: "code_not_found" }));
    respond(res, 200, describeCode(code));
  });

  router.post("/allowances/:id/redemptions", async (req, res) => {
    const campaign = await findAllowance(allowances, req.params.id);
    const { code, spender } = parse(RedemptionBody, req.body);
    const outcome = await redeemAsTyped(grants, { campaign: campaign.id, code, spender });
    if (outcome.result === "refused") throw new ProblemError(grantProblem(outcome.refusal));
    const { grant, repeated } = outcome;
    const recordedCaps = await allowances.recordedCaps([grant]);
    const now = await allowances.now();
    const described = describeAllowance(grant, { campaign, now, recordedCaps });
    respond(res, repeated ? 200 : 201, { ...described, repeated });
  });

  return router;
}

/** Redeems the code by its canonical text, or by its exact text if the issuer hashed that. */
async function redeemAsTyped(
  grants: Pick<GrantStore, "redeem">,
  { code, ...redemption }: { campaign: Hex; code: string; spender: SpenderId },
): Promise<RedeemOutcome> {
  const outcome = await grants.redeem({ ...redemption, codeHash: promotionCodeHash(code) });
  const isUnknown = outcome.result === "refused" && outcome.refusal.reason === "code_not_found";
  if (!isUnknown) return outcome;
  return await grants.redeem({ ...redemption, codeHash: exactCodeHash(code) });
}

function describeCode({ codeHash, redemptions, closedAt, ...terms }: PromotionCode) {
  return { codeHash, ...terms, redemptions, closedAt };
}
