import { Router } from "express";
import { z } from "zod";

import { PAGES, MAX_GRANTS_PER_REQUEST } from "@compute-credits/api/bounds";
import {
  AddressField,
  Bytes32Field,
  EventIdField,
  SpenderField,
  uintField,
  boundedList,
} from "@compute-credits/protocol/json/fields";
import { boundedPage, limitField } from "../../http/page.ts";
import { parse } from "../../http/parse.ts";
import { ProblemError } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import type { AllowanceStore } from "../../stores/allowances/allowanceStore.ts";
import type { GrantStore, IssuedGrant } from "../../stores/allowances/grantStore.ts";
import { type AllowanceState, describeAllowance } from "./describeAllowance.ts";
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

const GrantsBody = z.strictObject({
  grants: boundedList(
    GrantTermsBody.extend({
      id: EventIdField,
      spender: SpenderField,
      startsAt: uintField(64).nullable().default(null),
      expiresAt: uintField(64).nullable().default(null),
    }),
    MAX_GRANTS_PER_REQUEST,
  ),
});

const PageQuery = z.strictObject({
  cursor: Bytes32Field.optional(),
  limit: limitField(PAGES.list),
});

export interface GrantDeps {
  readonly allowances: Pick<AllowanceStore, "find" | "now" | "recordedCaps">;
  readonly grants: Pick<GrantStore, "issue" | "ofCampaign" | "ofAccount">;
  readonly issuers: IssuerDeps;
  readonly limits: BatchLimits;
}

/**
 * A campaign is an allowance that grants are issued from: further allowances within its terms,
 * without another signature over each.
 * `POST /v1/allowances/:id/grants`, by the owner's wallet or with an issuing key: 200 with one
 * outcome each, in order.
 * `GET /v1/allowances/:id/grants`: what was issued, in pages.
 * `GET /v1/accounts/:address/grants`: all grants out of an account, in pages.
 */
export function grantRoutes({ allowances, grants, issuers, limits }: GrantDeps): Router {
  const router = Router();

  router.post("/allowances/:id/grants", async (req, res) => {
    const { campaign, issuer } = await issuersCampaign(req, issuers);
    checkLength(req.body, "grants", limits);
    const { grants: asked } = parse(GrantsBody, req.body);
    checkScopes(asked, campaign.scope, limits);
    const requests = asked.map(({ id: key, ...terms }) => ({ key, ...terms }));
    const outcomes = await grants.issue(campaign.id, requests, issuer);
    if ("reason" in outcomes) throw new ProblemError(grantProblem(outcomes));
    const described = outcomes.map((outcome, index) => {
      const id = asked[index]?.id ?? null;
      const { result } = outcome;
      return result === "granted"
        ? { id, result, allowance: outcome.id, repeated: outcome.repeated }
        : { id, result, problem: grantProblem(outcome.refusal) };
    });
    respond(res, 200, { outcomes: described, ...countOutcomes(outcomes) });
  });

  router.get("/allowances/:id/grants", async (req, res) => {
    const campaign = await findAllowance(allowances, req.params.id);
    const { cursor, limit } = parse(PageQuery, req.query);
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
    respond(res, 200, {
      campaign: describeAllowance(campaign, { ...state, campaign: null }),
      grants: shown,
      nextCursor: last?.grant.id ?? null,
    });
  });

  router.get("/accounts/:address/grants", async (req, res) => {
    const account = parse(AddressField, req.params.address);
    const { cursor, limit } = parse(PageQuery, req.query);
    const [page, now] = await Promise.all([
      grants.ofAccount(account, { after: cursor ?? null, limit }),
      allowances.now(),
    ]);
    const recordedCaps = await allowances.recordedCaps(page.map(({ grant }) => grant));
    const state = { campaign: null, now, recordedCaps };
    const { shown, last } = boundedPage(page, limit, (issued) => describeGrant(issued, state));
    respond(res, 200, {
      grants: shown,
      nextCursor: last?.grant.id ?? null,
    });
  });

  return router;
}

/** `campaignId` and `issuer` are there in every list; the campaign's rest only beside its own. */
function describeGrant({ key, grant, issuer }: IssuedGrant, state: AllowanceState) {
  return { key, issuer, campaignId: grant.campaign, ...describeAllowance(grant, state) };
}
