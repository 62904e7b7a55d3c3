import { Router } from "express";
import type { Address } from "viem";
import { z } from "zod";

import { parse } from "../../http/parse.ts";
import { AddressField, TimeField } from "@compute-credits/protocol/json/fields";
import { findCardErrors } from "@compute-credits/rules/pricing/findCardErrors";
import type { RateCard } from "@compute-credits/rules/pricing/rateCard";
import { rateKey } from "@compute-credits/rules/pricing/rateKey";
import { ratesSchema } from "@compute-credits/rules/pricing/rateSchema";
import { authenticatedProvider } from "../../http/authentication.ts";
import type { Context } from "../../context.ts";
import { fail, ProblemError } from "../../http/problem.ts";
import { publicationProblem } from "./publicationProblem.ts";
import { respond } from "../../http/respond.ts";

const Version = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, "must be a version: 1 or more")
  .transform(Number);

const CardQuery = z.strictObject({
  provider: z
    .union(
      [z.literal("operator").transform(() => null), AddressField],
      'must be a provider\'s address, or "operator"',
    )
    .optional(),
  cursor: Version.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(100),
});

/**
 * `GET /v1/rate-cards`: the versions of everybody's prices, newest first, in pages; `GET /v1/rate-cards/:version`: one.
 * `POST /v1/rate-cards`: a provider publishes its next card. 201; 200 where its newest says the same.
 */
export function rateCardRoutes(context: Context): Router {
  const router = Router();
  const { rateCards, limits } = context;
  const RateCardBody = z.strictObject({
    effectiveFrom: TimeField.nullable().default(null),
    rates: ratesSchema(limits),
  });

  router.get("/rate-cards", async (req, res) => {
    const { provider, cursor, limit } = parse(CardQuery, req.query);
    const whose = provider === undefined ? {} : { provider };
    const cards = await rateCards.list({ ...whose, before: cursor ?? null, limit });
    const last = cards.length === limit ? cards.at(-1) : undefined;
    respond(res, 200, {
      rateCards: cards.map(describeCard),
      nextCursor: last === undefined ? null : `${last.version}`,
    });
  });

  router.get("/rate-cards/:version", async (req, res) => {
    const card = await rateCards.byVersion(parse(Version, req.params.version));
    if (card === null)
      throw fail(404, "rate_card_not_found", "There is no rate card of this version.");
    respond(res, 200, describeCard(card));
  });

  router.post("/rate-cards", async (req, res) => {
    const provider = await authenticatedProvider(req, context);
    const { effectiveFrom, rates } = parse(RateCardBody, req.body);
    const mistakes = findCardErrors(rates);
    if (mistakes.length > 0) {
      throw fail(422, "invalid_rate_card", "The card has rates to mend: see errors.", {
        errors: mistakes.map(({ reason, path, detail }) => ({
          reason,
          pointer: `#/${path.join("/")}`,
          detail,
        })),
      });
    }
    const result = await rateCards.publish({ provider, effectiveFrom, rates });
    if (result.published === "refused") throw new ProblemError(publicationProblem(result.refusal));
    respond(res, result.published === "added" ? 201 : 200, describeCard(result.card));
  });

  return router;
}

function describeCard({ version, provider, effectiveFrom, rates }: RateCard) {
  const publisher: Address | null = provider ?? null;
  return {
    version,
    provider: publisher,
    effectiveFrom,
    rates: rates.map((rate) => ({ ...rate, rateKey: rateKey(publisher, rate) })),
  };
}
