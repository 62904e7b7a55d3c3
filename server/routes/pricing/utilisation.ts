import { Router } from "express";
import { z } from "zod";

import { uintField } from "@compute-credits/protocol/json/fields";
import { Dimensions, MeterName } from "@compute-credits/protocol/json/names";
import { BPS } from "@compute-credits/rules/pricing/rate";
import { authenticatedProvider } from "../../http/authentication.ts";
import { parse } from "../../http/parse.ts";
import { fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import type { MultiplierStore } from "../../stores/pricing/multiplierStore.ts";
import type { ProviderStore } from "../../stores/providers/providerStore.ts";
import { describeDynamicRate, describeStep } from "./dynamicRates.ts";

const UtilisationBody = z.strictObject({
  meter: MeterName,
  dimensions: Dimensions.default({}),
  utilisationBps: uintField(63).refine((bps) => bps <= BPS, `must be at most ${BPS}`),
});

export interface UtilisationDeps {
  readonly multipliers: Pick<MultiplierStore, "report">;
  readonly providers: Pick<ProviderStore, "callerOfKey">;
}

/**
 * `POST /v1/utilisation`, with the provider's key: how much of what a dynamic rate sells is in use.
 * 201 with the step that its multiplier made.
 */
export function utilisationRoutes({ multipliers, providers }: UtilisationDeps): Router {
  const router = Router();

  router.post("/utilisation", async (req, res) => {
    const provider = await authenticatedProvider(req, providers);
    const result = await multipliers.report({ provider, ...parse(UtilisationBody, req.body) });
    if ("step" in result) {
      respond(res, 201, { ...describeDynamicRate(result.rate), step: describeStep(result.step) });
      return;
    }
    switch (result.refusal) {
      case "unknown_rate":
        throw fail(
          422,
          result.refusal,
          "No rate in force has exactly this meter and these dimensions. " +
            `GET /v1/dynamic-rates/${provider} lists yours.`,
        );
      case "rate_not_dynamic":
        throw fail(
          422,
          result.refusal,
          "This rate does not follow utilisation. Report only rates of the kind dynamic.",
        );
      case "step_too_soon": {
        const { nextStepAt, now } = result;
        const waitMs = nextStepAt.getTime() - now.getTime();
        const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
        res.set("Retry-After", `${retryAfterSeconds}`);
        throw fail(
          429,
          result.refusal,
          "The multiplier moved a moment ago. " +
            `Report again at ${nextStepAt.toISOString()} or later.`,
          { nextStepAt, retryAfterSeconds },
        );
      }
      default:
        result satisfies never;
    }
  });

  return router;
}
