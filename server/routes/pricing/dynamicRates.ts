import { Router } from "express";
import { z } from "zod";

import { AddressField } from "@compute-credits/protocol/json/fields";
import type { MultiplierStep } from "@compute-credits/rules/pricing/multiplier";
import { PAGES } from "@compute-credits/api/bounds";
import { lastOfFullPage, limitField } from "../../http/page.ts";
import { parse } from "../../http/parse.ts";
import { respond } from "../../http/respond.ts";
import type { DynamicState, MultiplierStore } from "../../stores/pricing/multiplierStore.ts";

/** As long as the longest that rateKey.ts makes: a publisher, a meter and 16 encoded dimensions. */
const RateKeyField = z
  .string()
  .regex(/^[\x21-\x7e]{1,4096}$/, "must be a rateKey, as the list of dynamic rates has it");

const PageQuery = z.strictObject({
  cursor: z
    .string()
    .regex(/^\d{1,9}$/, "must be a nextCursor of this list")
    .transform(Number)
    .optional(),
  limit: limitField(PAGES.list),
});

export interface DynamicRateDeps {
  readonly multipliers: Pick<MultiplierStore, "states" | "steps">;
}

/**
 * `GET /v1/dynamic-rates/:provider`: its dynamic rates with their multipliers now.
 * `GET /v1/dynamic-rates/:provider/:rateKey`: the steps of one multiplier, newest first, in pages.
 */
export function dynamicRateRoutes({ multipliers }: DynamicRateDeps): Router {
  const router = Router();

  router.get("/dynamic-rates/:provider", async (req, res) => {
    const states = await multipliers.states(parse(AddressField, req.params.provider));
    respond(res, 200, { dynamicRates: states.map(describeDynamicRate) });
  });

  router.get("/dynamic-rates/:provider/:rateKey", async (req, res) => {
    const provider = parse(AddressField, req.params.provider);
    const rateKey = parse(RateKeyField, req.params.rateKey);
    const { cursor, limit } = parse(PageQuery, req.query);
    const page = await multipliers.steps({ provider, rateKey }, { before: cursor ?? null, limit });
    const last = lastOfFullPage(page, limit);
    respond(res, 200, {
      provider,
      rateKey,
      steps: page.map(describeStep),
      nextCursor: last === undefined ? null : `${last.step}`,
    });
  });

  return router;
}

export function describeDynamicRate(state: DynamicState) {
  const { provider, found, multiplierBps, stepCount, nextStepAt } = state;
  return {
    provider,
    rateKey: found.key,
    rateCardVersion: found.card.version,
    rate: found.rate,
    multiplierBps,
    stepCount,
    nextStepAt,
  };
}

export function describeStep(step: MultiplierStep) {
  const { step: number, beforeBps, afterBps, ...rest } = step;
  return { number, ...rest, multiplierBeforeBps: beforeBps, multiplierAfterBps: afterBps };
}
