import { Router } from "express";

import { issueGrants, listAccountGrants, listGrants } from "@compute-credits/api/allowances/grants";
import { mount } from "../../http/mount.ts";
import { boundedPage } from "../../http/page.ts";
import type { Permit } from "../../http/permit.ts";
import { ProblemError } from "../../http/problem.ts";
import type { AllowanceStore } from "../../stores/allowances/allowanceStore.ts";
import type { GrantOutcome, GrantStore, IssuedGrant } from "../../stores/allowances/grantStore.ts";
import { type AllowanceState, describeAllowance } from "./describeAllowance.ts";
import { campaignFor } from "./campaignFor.ts";
import { grantProblem } from "./grantProblem.ts";
import {
  type BatchLimits,
  checkLength,
  checkScopes,
  countOutcomes,
  withOutcomes,
} from "./grantTerms.ts";
import { type IssuerDeps, issuersCampaign } from "./issuer.ts";

export interface GrantDeps {
  readonly allowances: Pick<AllowanceStore, "find" | "now" | "recordedCaps">;
  readonly grants: Pick<GrantStore, "issue" | "ofCampaign" | "ofAccount">;
  readonly issuers: IssuerDeps;
  readonly limits: BatchLimits;
  readonly permit: Permit;
}

export function grantRoutes({ allowances, grants, issuers, limits, permit }: GrantDeps): Router {
  const router = Router();

  mount(router, issueGrants, async ({ req, read, answer }) => {
    const { campaign, issuer } = await issuersCampaign(req, issuers);
    checkLength(req.body, "grants", limits);
    const { grants: asked } = read().body;
    checkScopes(asked, campaign.scope, limits);
    const requests = asked.map(({ id: key, ...terms }) => ({ key, ...terms }));
    const outcomes = await grants.issue(campaign.id, requests, issuer);
    if ("reason" in outcomes) throw new ProblemError(grantProblem(outcomes));
    const described = withOutcomes(asked, outcomes, ({ id }, outcome) =>
      describeOutcome(id, outcome),
    );
    return answer(200, { outcomes: described, ...countOutcomes(outcomes) });
  });

  mount(router, listGrants, async ({ req, read, answer }) => {
    const { params } = read();
    const campaign = await campaignFor(req, {
      route: listGrants,
      id: params.id,
      permit,
      allowances,
    });
    const { cursor, limit } = read().query;
    const [page, now] = await Promise.all([
      grants.ofCampaign(campaign.id, { after: cursor ?? null, limit }),
      allowances.now(),
    ]);
    const grantsOfPage = page.map(({ grant }) => grant);
    const recordedCaps = await allowances.recordedCaps([campaign, ...grantsOfPage]);
    const state = { now, recordedCaps };
    const { shown, last } = boundedPage(page, limit, (issued) =>
      describeGrant(issued, { ...state, campaign }),
    );
    return answer(200, {
      campaign: describeAllowance(campaign, { ...state, campaign: null }),
      grants: shown,
      nextCursor: last?.grant.id ?? null,
    });
  });

  mount(router, listAccountGrants, async ({ req, read, answer }) => {
    const { params } = read();
    await permit.check(listAccountGrants, req, { account: params.address });
    const { cursor, limit } = read().query;
    const [page, now] = await Promise.all([
      grants.ofAccount(params.address, { after: cursor ?? null, limit }),
      allowances.now(),
    ]);
    const recordedCaps = await allowances.recordedCaps(page.map(({ grant }) => grant));
    const state = { campaign: null, now, recordedCaps };
    const { shown, last } = boundedPage(page, limit, (issued) => describeGrant(issued, state));
    return answer(200, { grants: shown, nextCursor: last?.grant.id ?? null });
  });

  return router;
}

function describeOutcome(id: string, outcome: GrantOutcome) {
  const { result } = outcome;
  return result === "granted"
    ? { id, result, allowance: outcome.id, repeated: outcome.repeated }
    : { id, result, problem: grantProblem(outcome.refusal) };
}

/** `campaignId` and `issuer` are there in every list; the campaign's rest only beside its own. */
function describeGrant({ key, campaign, grant, issuer }: IssuedGrant, state: AllowanceState) {
  return { key, issuer, campaignId: campaign, ...describeAllowance(grant, state) };
}
