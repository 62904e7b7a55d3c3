import { type Request, Router } from "express";
import { z } from "zod";

import { parse } from "../../http/parse.ts";
import { ScopeJson } from "@compute-credits/protocol/json/allowance";
import {
  uintField,
  EventIdField,
  SpenderField,
  Bytes32Field,
} from "@compute-credits/protocol/json/fields";
import type { Scope } from "@compute-credits/protocol/messages/allowance";
import { promotionCodeHash } from "@compute-credits/protocol/messages/promotionCode";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import type { PromotionCode } from "@compute-credits/rules/grants/promotionCode";
import { bearerKey, notTheIssuer } from "../../http/authentication.ts";
import type { Context } from "../../context.ts";
import { describeAllowance } from "./describeAllowance.ts";
import { type GrantProblem, grantProblem } from "./grantProblem.ts";
import { checkLabels } from "../../http/labelLimits.ts";
import { LimitField } from "../../http/logQuery.ts";
import { ProblemError, fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";

const Terms = z.strictObject({
  limit: uintField(64),
  period: uintField(64).default(0n),
  rollover: uintField(64).default(0n),
  priority: uintField(8).transform(Number).nullable().default(null),
  scope: z
    .strictObject({
      providers: ScopeJson.shape.providers.default([]),
      meters: ScopeJson.shape.meters.default([]),
    })
    .nullable()
    .default(null),
});

const GrantField = Terms.extend({
  id: EventIdField,
  spender: SpenderField,
  startsAt: uintField(64).nullable().default(null),
  expiresAt: uintField(64).nullable().default(null),
});

const CodeField = Terms.extend({
  codeHash: Bytes32Field,
  maxRedemptions: uintField(63)
    .refine((most) => most > 0n, "must be at least 1")
    .default(1n),
  redeemBy: uintField(63).default(0n),
  validSeconds: uintField(63).default(0n),
});

const GrantsBody = z.strictObject({ grants: z.array(GrantField) });
const CodesBody = z.strictObject({ codes: z.array(CodeField) });

/** As it was printed: what people add around a code is no part of it. */
const RedemptionBody = z.strictObject({
  code: z.string().trim().min(4).max(128),
  spender: SpenderField,
});

const NoBody = z.strictObject({}).optional();
const PageQuery = z.strictObject({ cursor: Bytes32Field.optional(), limit: LimitField });

/**
 * A campaign is an allowance whose key issues others out of it, without another signature of the owner.
 *
 * `POST /v1/allowances/:id/grants`: 200 with one outcome for each, in order. `POST …/codes`: the same for promotion codes.
 * `POST …/codes/:codeHash/closure`: 200; nobody redeems the code any more. `GET …/codes`. All with the campaign's key.
 * `GET /v1/allowances/:id/grants`: what was issued. `POST /v1/allowances/:id/redemptions`: 201 with the grant; again 200.
 */
export function grantRoutes({ allowances, grants, limits }: Context): Router {
  const router = Router();

  router.post("/allowances/:id/grants", async (req, res) => {
    const campaign = await ownCampaign(req);
    const wishes = parse(GrantsBody, req.body).grants;
    checkSize(wishes);
    const requests = wishes.map(({ id: key, ...terms }) => ({ key, ...terms }));
    const outcomes = await grants.issue(campaign.id, requests);
    if ("reason" in outcomes) throw problemOf(outcomes);
    const described = outcomes.map((outcome, index) => {
      const id = requests[index]?.key ?? null;
      return outcome.result === "granted"
        ? { id, result: outcome.result, allowance: outcome.id, repeated: outcome.repeated }
        : { id, result: outcome.result, problem: grantProblem(outcome.refusal) };
    });
    respond(res, 200, { outcomes: described, ...counts(outcomes) });
  });

  router.get("/allowances/:id/grants", async (req, res) => {
    const campaign = await find(req.params.id);
    const { cursor, limit } = parse(PageQuery, req.query);
    const [page, now] = await Promise.all([
      grants.ofCampaign(campaign.id, { after: cursor ?? null, limit }),
      allowances.now(),
    ]);
    const last = page.length === limit ? page.at(-1) : undefined;
    respond(res, 200, {
      campaign: describeAllowance(campaign, null, now),
      grants: page.map(({ key, grant }) => ({ key, ...describeAllowance(grant, campaign, now) })),
      nextCursor: last?.grant.id ?? null,
    });
  });

  router.post("/allowances/:id/codes", async (req, res) => {
    const campaign = await ownCampaign(req);
    const { codes } = parse(CodesBody, req.body);
    checkSize(codes);
    const outcomes = await grants.addCodes(campaign.id, codes);
    if ("reason" in outcomes) throw problemOf(outcomes);
    const described = outcomes.map((outcome, index) => {
      const codeHash = codes[index]?.codeHash ?? null;
      return outcome.result === "added"
        ? { codeHash, ...outcome }
        : { codeHash, result: outcome.result, problem: grantProblem(outcome.refusal) };
    });
    respond(res, 200, { outcomes: described, ...counts(outcomes) });
  });

  router.get("/allowances/:id/codes", async (req, res) => {
    const campaign = await ownCampaign(req);
    const { cursor, limit } = parse(PageQuery, req.query);
    const page = await grants.codes(campaign.id, { after: cursor ?? null, limit });
    const last = page.length === limit ? page.at(-1) : undefined;
    respond(res, 200, { codes: page.map(describeCode), nextCursor: last?.codeHash ?? null });
  });

  router.post("/allowances/:id/codes/:codeHash/closure", async (req, res) => {
    const campaign = await ownCampaign(req);
    parse(NoBody, req.body);
    const code = await grants.closeCode(campaign.id, parse(Bytes32Field, req.params.codeHash));
    if (code === null) throw problemOf({ reason: "code_not_found" });
    respond(res, 200, describeCode(code));
  });

  router.post("/allowances/:id/redemptions", async (req, res) => {
    const campaign = await find(req.params.id);
    const { code, spender } = parse(RedemptionBody, req.body);
    const outcome = await grants.redeem({
      campaign: campaign.id,
      codeHash: promotionCodeHash(code),
      spender,
    });
    if (outcome.result === "refused") throw problemOf(outcome.refusal);
    const now = await allowances.now();
    const described = describeAllowance(outcome.grant, campaign, now);
    respond(res, outcome.repeated ? 200 : 201, { ...described, repeated: outcome.repeated });
  });

  async function find(id: unknown): Promise<Allowance> {
    const allowance = await allowances.find(parse(Bytes32Field, id));
    if (allowance === null)
      throw fail(404, "allowance_not_found", "There is no allowance with this id.");
    return allowance;
  }

  /** The campaign whose key the request carries. */
  async function ownCampaign(req: Request): Promise<Allowance> {
    const key = bearerKey(req);
    const campaign = await find(req.params["id"]);
    if (apiKeySpender(key) !== campaign.message.spender) throw notTheIssuer();
    return campaign;
  }

  function checkSize(list: readonly { readonly scope: Scope | null }[]): void {
    const { maxGrantsPerRequest } = limits;
    if (list.length > maxGrantsPerRequest) {
      throw fail(
        413,
        "batch_too_large",
        `A request has at most ${maxGrantsPerRequest} grants or codes: send it in parts.`,
        { maxGrantsPerRequest },
      );
    }
    for (const { scope } of list) checkLabels({ scope }, limits);
  }

  return router;
}

function problemOf(refusal: GrantProblem): ProblemError {
  return new ProblemError(grantProblem(refusal));
}

function counts(outcomes: readonly { readonly result: string }[]) {
  const refused = outcomes.filter(({ result }) => result === "refused").length;
  return { accepted: outcomes.length - refused, refused };
}

function describeCode({ codeHash, redemptions, closedAt, ...terms }: PromotionCode) {
  return { codeHash, ...terms, redemptions, closedAt };
}
