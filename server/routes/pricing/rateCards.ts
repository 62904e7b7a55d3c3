import { Router } from "express";
import type { Address } from "viem";

import {
  getRateCard,
  listRateCards,
  publishRateCard,
  rateCardBody,
} from "@compute-credits/api/pricing/rateCards";
import type { RateSchemaLimits } from "@compute-credits/api/pricing/rates";
import { findCardErrors } from "@compute-credits/rules/pricing/findCardErrors";
import type { Rate } from "@compute-credits/rules/pricing/rate";
import type { RateCard } from "@compute-credits/rules/pricing/rateCard";
import { rateKey } from "@compute-credits/rules/pricing/rateKey";
import { authenticatedProvider } from "../../http/authentication.ts";
import { mount } from "../../http/mount.ts";
import { boundedPage } from "../../http/page.ts";
import { ProblemError, fail } from "../../http/problem.ts";
import type { RateCardStore } from "../../stores/pricing/rateCardStore.ts";
import type { ProviderStore } from "../../stores/providers/providerStore.ts";
import { describeRate } from "./describeRate.ts";
import { publicationProblem } from "./publicationProblem.ts";

export interface RateCardDeps {
  readonly rateCards: RateCardStore;
  readonly providers: Pick<ProviderStore, "callerOfKey">;
  readonly limits: RateSchemaLimits;
}

export function rateCardRoutes({ rateCards, providers, limits }: RateCardDeps): Router {
  const router = Router();

  mount(router, listRateCards, async ({ read, answer }) => {
    const { provider, cursor, limit } = read().query;
    const publisher = provider === undefined ? {} : { provider };
    const page = await rateCards.list({ ...publisher, before: cursor ?? null, limit });
    const { shown, last } = boundedPage(page, limit, describe);
    return answer(200, {
      rateCards: shown,
      nextCursor: last === undefined ? null : `${last.version}`,
    });
  });

  mount(router, getRateCard, async ({ read, answer }) => {
    const card = await rateCards.byVersion(read().params.version);
    if (card === null) {
      throw fail(
        404,
        "rate_card_not_found",
        "No rate card has this version. GET /v1/rate-cards lists them.",
      );
    }
    return answer(200, describe(card));
  });

  const publish = { ...publishRateCard, body: rateCardBody(limits) };
  mount(router, publish, async ({ req, read, answer }) => {
    const provider = await authenticatedProvider(req, providers);
    const { effectiveFrom, rates } = read().body;
    checkRates(rates);
    const result = await rateCards.publish({ provider, effectiveFrom, rates });
    if (result.published === "refused") throw new ProblemError(publicationProblem(result.refusal));
    return answer(result.published === "added" ? 201 : 200, describe(result.card));
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
    rates: rates.map((rate) => ({
      ...describeRate(rate),
      rateKey: rateKey(publisher, rate),
    })),
  };
}
