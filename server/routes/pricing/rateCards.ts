import { Router } from "express";
import type { Address } from "viem";
import { z } from "zod";

import { AddressField, TimeField } from "@compute-credits/protocol/json/fields";
import { findCardErrors } from "@compute-credits/rules/pricing/findCardErrors";
import type { Rate } from "@compute-credits/rules/pricing/rate";
import type { RateCard } from "@compute-credits/rules/pricing/rateCard";
import { rateKey } from "@compute-credits/rules/pricing/rateKey";
import { type RateSchemaLimits, ratesSchema } from "@compute-credits/rules/pricing/rateSchema";
import { PAGES } from "@compute-credits/api/bounds";
import { authenticatedProvider } from "../../http/authentication.ts";
import { boundedPage, limitField } from "../../http/page.ts";
import { parse } from "../../http/parse.ts";
import { ProblemError, fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import type { RateCardStore } from "../../stores/pricing/rateCardStore.ts";
import type { ProviderStore } from "../../stores/providers/providerStore.ts";
import { publicationProblem } from "./publicationProblem.ts";

const VersionField = z
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
  cursor: VersionField.optional(),
  limit: limitField(PAGES.rateCards),
});

export interface RateCardDeps {
  readonly rateCards: RateCardStore;
  readonly providers: Pick<ProviderStore, "callerOfKey">;
  readonly limits: RateSchemaLimits;
}

/**
 * `GET /v1/rate-cards`: every publisher's cards, newest first, in pages.
 * `GET /v1/rate-cards/:version`: one card.
 * `POST /v1/rate-cards`, with the provider's key: 201; publishes the provider's next card. 200 if
 * its newest card says the same.
 */
export function rateCardRoutes({ rateCards, providers, limits }: RateCardDeps): Router {
  const router = Router();
  const RateCardBody = z.strictObject({
    effectiveFrom: TimeField.nullable().default(null),
    rates: ratesSchema(limits),
  });

  router.get("/rate-cards", async (req, res) => {
    const { provider, cursor, limit } = parse(CardQuery, req.query);
    const publisher = provider === undefined ? {} : { provider };
    const page = await rateCards.list({ ...publisher, before: cursor ?? null, limit });
    const { shown, last } = boundedPage(page, limit, describe);
    respond(res, 200, {
      rateCards: shown,
      nextCursor: last === undefined ? null : `${last.version}`,
    });
  });

  router.get("/rate-cards/:version", async (req, res) => {
    const card = await rateCards.byVersion(parse(VersionField, req.params.version));
    if (card === null) {
      throw fail(
        404,
        "rate_card_not_found",
        "No rate card has this version. GET /v1/rate-cards lists them.",
      );
    }
    respond(res, 200, describe(card));
  });

  router.post("/rate-cards", async (req, res) => {
    const provider = await authenticatedProvider(req, providers);
    const { effectiveFrom, rates } = parse(RateCardBody, req.body);
    checkRates(rates);
    const result = await rateCards.publish({ provider, effectiveFrom, rates });
    if (result.published === "refused") throw new ProblemError(publicationProblem(result.refusal));
    respond(res, result.published === "added" ? 201 : 200, describe(result.card));
  });

  return router;
}

/** Throws a 422 that lists every error if rates contradict each other or themselves. */
function checkRates(rates: readonly Rate[]): void {
  const errors = findCardErrors(rates);
  if (errors.length === 0) return;
  throw fail(422, "invalid_rate_card", "Some rates of the card are wrong: see errors.", {
    errors: errors.map(({ reason, path, detail }) => ({
      reason,
      pointer: `#/${path.join("/")}`,
      detail,
    })),
  });
}

function describe({ version, provider, effectiveFrom, rates }: RateCard) {
  const publisher: Address | null = provider ?? null;
  return {
    version,
    provider: publisher,
    effectiveFrom,
    rates: rates.map((rate) => ({ ...rate, rateKey: rateKey(publisher, rate) })),
  };
}
