import { Router } from "express";

import { reportUtilisation } from "@compute-credits/api/pricing/utilisation";
import { authenticatedProvider } from "../../http/authentication.ts";
import { mount } from "../../http/mount.ts";
import { fail } from "../../http/problem.ts";
import type { MultiplierStore } from "../../stores/pricing/multiplierStore.ts";
import type { ProviderStore } from "../../stores/providers/providerStore.ts";
import { describeDynamicRate, describeStep } from "./dynamicRates.ts";

export interface UtilisationDeps {
  readonly multipliers: Pick<MultiplierStore, "report">;
  readonly providers: Pick<ProviderStore, "callerOfKey">;
}

export function utilisationRoutes({ multipliers, providers }: UtilisationDeps): Router {
  const router = Router();

  mount(router, reportUtilisation, async ({ req, res, read, answer }) => {
    const provider = await authenticatedProvider(req, providers);
    const result = await multipliers.report({ provider, ...read().body });
    if ("step" in result) {
      return answer(201, {
        ...describeDynamicRate(result.rate),
        step: describeStep(result.step),
      });
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
        return result satisfies never;
    }
  });

  return router;
}
