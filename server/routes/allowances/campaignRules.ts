import { Router } from "express";
import type { Hex } from "viem";

import {
  claimGrant,
  closeCampaignRule,
  getCampaignRule,
  setCampaignRule,
} from "@compute-credits/api/allowances/campaignRules";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { CampaignRule } from "@compute-credits/rules/grants/campaignRule";
import { mount } from "../../http/mount.ts";
import { ProblemError } from "../../http/problem.ts";
import { provenSpender } from "../../http/spenderProof.ts";
import type { AllowanceStore } from "../../stores/allowances/allowanceStore.ts";
import type { CampaignRuleStore } from "../../stores/issuing/campaignRuleStore.ts";
import { describeAllowance } from "./describeAllowance.ts";
import { findAllowance } from "./findAllowance.ts";
import { type BatchLimits, checkScopes } from "./grantTerms.ts";
import { type IssuerDeps, issuersCampaign } from "./issuer.ts";
import { neverMetProblem, ruleProblem } from "./ruleProblem.ts";

export interface CampaignRuleDeps {
  readonly allowances: Pick<AllowanceStore, "find" | "now" | "recordedCaps">;
  readonly campaignRules: CampaignRuleStore;
  readonly issuers: IssuerDeps;
  readonly chain: Pick<ChainReader, "deployment" | "signingOf">;
  readonly limits: BatchLimits;
}

export function campaignRuleRoutes({
  allowances,
  campaignRules,
  issuers,
  chain,
  limits,
}: CampaignRuleDeps): Router {
  const router = Router();

  mount(router, setCampaignRule, async ({ req, read, answer }) => {
    const { campaign, issuer } = await issuersCampaign(req, issuers);
    const terms = read().body;
    checkScopes([terms], campaign.scope, limits);
    const outcome = await campaignRules.set(campaign.id, terms, issuer);
    if (outcome.result === "refused") {
      const { refusal } = outcome;
      const isNever = refusal.reason === "rule_never_met";
      throw new ProblemError(isNever ? neverMetProblem() : ruleProblem(refusal));
    }
    return answer(outcome.repeated ? 200 : 201, describeRule(campaign.id, outcome.rule));
  });

  mount(router, getCampaignRule, async ({ req, answer }) => {
    const { id } = await findAllowance(allowances, req.params["id"]);
    return answer(200, describeRule(id, known(await campaignRules.find(id))));
  });

  mount(router, closeCampaignRule, async ({ req, answer }) => {
    const { campaign } = await issuersCampaign(req, issuers);
    return answer(200, describeRule(campaign.id, known(await campaignRules.close(campaign.id))));
  });

  mount(router, claimGrant, async ({ req, read, answer }) => {
    const campaign = await findAllowance(allowances, req.params["id"]);
    const { body } = read();
    const payer = campaign.message.account;
    const wallet = "signature" in body ? { ...body, spender: body.account } : null;
    const proven = await provenSpender(req, chain, { account: payer, accepted: true, wallet });
    const { account, referrer = null } = body;
    const claim = { campaign: campaign.id, account, referrer, ...proven };
    const outcome = await campaignRules.claim(claim);
    if (outcome.result === "refused") throw new ProblemError(ruleProblem(outcome.refusal));
    const { grant, repeated } = outcome;
    const recordedCaps = await allowances.recordedCaps([grant]);
    const now = await allowances.now();
    const described = describeAllowance(grant, { campaign, now, recordedCaps });
    return answer(repeated ? 200 : 201, { ...described, repeated });
  });

  return router;
}

function known(rule: CampaignRule | null): CampaignRule {
  if (rule === null) throw new ProblemError(ruleProblem({ reason: "rule_not_found" }));
  return rule;
}

function describeRule(campaign: Hex, rule: CampaignRule) {
  return { campaign, ...rule };
}
