import { Router } from "express";
import { z } from "zod";

import { PAGES, MAX_GRANTS_PER_REQUEST } from "@compute-credits/api/bounds";
import {
  Bytes32Field,
  SecondsField,
  SpenderField,
  uintField,
  boundedList,
} from "@compute-credits/protocol/json/fields";
import { exactCodeHash, promotionCodeHash } from "@compute-credits/protocol/messages/promotionCode";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { PromotionCode } from "@compute-credits/rules/grants/promotionCode";
import { boundedPage, limitField } from "../../http/page.ts";
import { parse } from "../../http/parse.ts";
import { ProblemError } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import { WALLET_PROOF } from "@compute-credits/api/allowances/walletProof";
import { notTheSpender, provenSpender } from "../../http/spenderProof.ts";
import type { AllowanceStore } from "../../stores/allowances/allowanceStore.ts";
import type { GrantStore, RedeemOutcome, Redemption } from "../../stores/allowances/grantStore.ts";
import { describeAllowance } from "./describeAllowance.ts";
import { findAllowance } from "./findAllowance.ts";
import { grantProblem } from "./grantProblem.ts";
import {
  type BatchLimits,
  GrantTermsBody,
  checkLength,
  checkScopes,
  countOutcomes,
} from "./grantTerms.ts";
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
const CodeField = z.string().trim().min(4).max(128);
/** The spender's key in the header speaks for it; a wallet signs that it accepts the account. */
const RedemptionBody = z.union(
  [
    z.strictObject({ code: CodeField, spender: SpenderField.optional() }),
    z.strictObject({ code: CodeField, ...WALLET_PROOF }),
  ],
  'must be {"code"} with the key, or {"code", "spender", "signedAt", "signature"}',
);

const NoBody = z.strictObject({}).optional();

const PageQuery = z.strictObject({
  cursor: Bytes32Field.optional(),
  limit: limitField(PAGES.list),
});

export interface PromotionCodeDeps {
  readonly allowances: Pick<AllowanceStore, "find" | "now" | "recordedCaps">;
  readonly grants: Pick<GrantStore, "addCodes" | "codes" | "closeCode" | "redeem">;
  readonly issuers: IssuerDeps;
  readonly chain: Pick<ChainReader, "deployment" | "signingOf">;
  readonly limits: BatchLimits;
}

/**
 * By the owner's wallet or with an issuing key:
 * `POST /v1/allowances/:id/codes`: 200 with one outcome each, in order.
 * `GET /v1/allowances/:id/codes`: its codes, in pages.
 * `POST /v1/allowances/:id/codes/:codeHash/closure`: 200, and the code can no longer be redeemed.
 * With the spender's key or its wallet's signature:
 * `POST /v1/allowances/:id/redemptions`: 201 with the grant; 200 if repeated.
 */
export function promotionCodeRoutes({
  allowances,
  grants,
  issuers,
  chain,
  limits,
}: PromotionCodeDeps): Router {
  const router = Router();

  router.post("/allowances/:id/codes", async (req, res) => {
    const { campaign, issuer } = await issuersCampaign(req, issuers);
    checkLength(req.body, "codes", limits);
    const { codes } = parse(CodesBody, req.body);
    checkScopes(codes, campaign.scope, limits);
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
    const { shown, last } = boundedPage(page, limit, describeCode);
    respond(res, 200, {
      codes: shown,
      nextCursor: last?.codeHash ?? null,
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
    const body = parse(RedemptionBody, req.body);
    const { account } = campaign.message;
    const wallet = "signature" in body ? body : null;
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
    respond(res, repeated ? 200 : 201, { ...described, repeated });
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

function describeCode({ codeHash, redemptions, closedAt, ...terms }: PromotionCode) {
  return { codeHash, ...terms, redemptions, closedAt };
}
