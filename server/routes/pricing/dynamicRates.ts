import { Router } from "express";

import { listDynamicRates, listMultiplierSteps } from "@compute-credits/api/pricing/dynamicRates";
import type { MultiplierStep } from "@compute-credits/rules/pricing/multiplier";
import { mount } from "../../http/mount.ts";
import { lastOfFullPage } from "../../http/page.ts";
import type { DynamicState, MultiplierStore } from "../../stores/pricing/multiplierStore.ts";
import { describeRate } from "./describeRate.ts";

export interface DynamicRateDeps {
  readonly multipliers: Pick<MultiplierStore, "states" | "steps">;
}

export function dynamicRateRoutes({ multipliers }: DynamicRateDeps): Router {
  const router = Router();

  mount(router, listDynamicRates, async ({ read, answer }) => {
    const states = await multipliers.states(read().params.provider);
    return answer(200, { dynamicRates: states.map(describeDynamicRate) });
  });

  mount(router, listMultiplierSteps, async ({ read, answer }) => {
    const {
      params: { provider, rateKey },
      query: { cursor, limit },
    } = read();
    const page = await multipliers.steps({ provider, rateKey }, { before: cursor ?? null, limit });
    const last = lastOfFullPage(page, limit);
    return answer(200, {
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
    rate: describeRate(found.rate),
    multiplierBps,
    stepCount,
    nextStepAt,
  };
}

export function describeStep(step: MultiplierStep) {
  const { step: number, beforeBps, afterBps, ...rest } = step;
  return { number, ...rest, multiplierBeforeBps: beforeBps, multiplierAfterBps: afterBps };
}
