import { Router } from "express";
import { z } from "zod";

import { parse } from "../../http/parse.ts";
import { uintField, AddressField } from "@compute-credits/protocol/json/fields";
import { MeterName, Dimensions } from "@compute-credits/protocol/json/names";
import type { MultiplierStep } from "@compute-credits/rules/pricing/multiplier";
import { BPS } from "@compute-credits/rules/pricing/rate";
import type { DynamicState } from "../../stores/pricing/multiplierStore.ts";
import { authenticatedProvider } from "../../http/authentication.ts";
import type { Context } from "../../context.ts";
import { fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";

const UtilisationBody = z.strictObject({
  meter: MeterName,
  dimensions: Dimensions.default({}),
  utilisationBps: uintField(63).refine((bps) => bps <= BPS, `must be at most ${BPS}`),
});

/** A publisher, a meter (64) and 16 dimensions, percent-encoded: what rateKey.ts can make, and no more. */
const RateKeyField = z
  .string()
  .regex(/^[\x21-\x7e]{1,4096}$/, "must be a rateKey, as the list of dynamic rates has it");

const Page = z.strictObject({
  cursor: z
    .string()
    .regex(/^\d{1,9}$/, "must be a nextCursor of this list")
    .transform(Number)
    .optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/**
 * `POST /v1/utilisation`: a provider reports how much of what a dynamic rate sells is in use: 201 with the step.
 * `GET /v1/dynamic-rates/:provider`: its dynamic rates, and their multipliers now.
 * `GET /v1/dynamic-rates/:provider/:rateKey`: the log of one, newest first, in pages.
 */
export function dynamicRateRoutes(context: Context): Router {
  const router = Router();
  const { multipliers } = context;

  router.post("/utilisation", async (req, res) => {
    const provider = await authenticatedProvider(req, context);
    const result = await multipliers.report({ provider, ...parse(UtilisationBody, req.body) });
    if ("step" in result) {
      respond(res, 201, { ...describeState(result.rate), step: describeStep(result.step) });
      return;
    }
    switch (result.refusal) {
      case "unknown_rate":
        throw fail(
          422,
          result.refusal,
          "No rate in force is for this meter and exactly these dimensions: GET /v1/dynamic-rates/<provider> lists yours.",
        );
      case "rate_not_dynamic":
        throw fail(
          422,
          result.refusal,
          "This rate does not follow utilisation: its kind is another.",
        );
      case "step_too_soon": {
        const waitMs = result.nextStepAt.getTime() - result.now.getTime();
        const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
        res.set("Retry-After", `${retryAfterSeconds}`);
        throw fail(
          429,
          result.refusal,
          `The multiplier moves once in a while: report again from ${result.nextStepAt.toISOString()} on.`,
          { nextStepAt: result.nextStepAt, retryAfterSeconds },
        );
      }
      default:
        result satisfies never;
    }
  });

  router.get("/dynamic-rates/:provider", async (req, res) => {
    const states = await multipliers.states(parse(AddressField, req.params.provider));
    respond(res, 200, { dynamicRates: states.map(describeState) });
  });

  router.get("/dynamic-rates/:provider/:rateKey", async (req, res) => {
    const provider = parse(AddressField, req.params.provider);
    const rateKey = parse(RateKeyField, req.params.rateKey);
    const { cursor, limit } = parse(Page, req.query);
    const steps = await multipliers.steps({ provider, rateKey }, { before: cursor ?? null, limit });
    const last = steps.length === limit ? steps.at(-1) : undefined;
    respond(res, 200, {
      provider,
      rateKey,
      steps: steps.map(describeStep),
      nextCursor: last === undefined ? null : `${last.step}`,
    });
  });

  return router;
}

function describeState({ provider, found, multiplierBps, stepCount, nextStepAt }: DynamicState) {
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

function describeStep(step: MultiplierStep) {
  const { step: number, beforeBps, afterBps, ...rest } = step;
  return { number, ...rest, multiplierBeforeBps: beforeBps, multiplierAfterBps: afterBps };
}
