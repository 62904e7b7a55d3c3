import type { Address } from "viem";

import type { UtilisationReport } from "../../server/stores/pricing/multiplierStore.ts";
import type { ModelState } from "./modelState.ts";
import {
  type ModelPrice,
  type ModelRate,
  type RateQuery,
  modelRate,
  monthText,
  priceFrom,
  nextMultiplier,
  useText,
} from "./price.ts";

/** Computes the price for a payer. An event dated in the future is priced as of `at`. */
export function priceOf(
  modelState: ModelState,
  found: ModelRate,
  charge: { provider: Address; account: Address; quantity: bigint; occurredAt: Date; at: Date },
): ModelPrice {
  const { provider, account, quantity, occurredAt, at } = charge;
  const use = useText(account, monthText(occurredAt), found.name);
  return priceFrom(found, {
    use,
    usedBefore: modelState.used.get(use) ?? 0n,
    multiplierBps: multiplierAt(modelState, provider, found, earlier(occurredAt, at)),
    quantity,
  });
}

export function findModelRate(
  modelState: ModelState,
  query: RateQuery,
  occurredAt: Date,
  at: Date,
) {
  return modelRate(modelState.cards, query, earlier(occurredAt, at));
}

type StepPrediction = { afterBps: bigint } | { refusal: string };

/**
 * Makes the step that a utilisation report leads to. `at` is the time when the step would take
 * effect.
 */
export function stepMultiplier(
  modelState: ModelState,
  report: UtilisationReport,
  at: Date,
): StepPrediction {
  const { provider, meter, dimensions, utilisationBps } = report;
  const found = modelRate(
    modelState.cards,
    { provider, meter, dimensions },
    new Date(at.getTime() - 1),
  );
  if (typeof found === "string") return { refusal: "unknown_rate" };
  if (found.rate.kind !== "dynamic") return { refusal: "rate_not_dynamic" };
  const { multiplier } = found.rate;
  const last = modelState.steps.get(stepKey(provider, found.name))?.at(-1);
  if (last !== undefined && at.getTime() < last.at.getTime() + multiplier.stepSeconds * 1000) {
    return { refusal: "step_too_soon" };
  }
  const before = last?.afterBps ?? multiplier.startBps;
  const afterBps = nextMultiplier(before, utilisationBps, multiplier);
  const key = stepKey(provider, found.name);
  modelState.set(modelState.steps, key, [...(modelState.steps.get(key) ?? []), { at, afterBps }]);
  return { afterBps };
}

/** How many steps the rate of a report that takes effect at `at` has made. */
export function stepCount(
  { cards, steps }: ModelState,
  { provider, meter, dimensions }: UtilisationReport,
  at: Date,
): number {
  const found = modelRate(cards, { provider, meter, dimensions }, new Date(at.getTime() - 1));
  return typeof found === "string" ? 0 : (steps.get(stepKey(provider, found.name))?.length ?? 0);
}

function multiplierAt(
  modelState: ModelState,
  provider: Address,
  found: ModelRate,
  at: Date,
): bigint {
  if (found.rate.kind !== "dynamic") return 10_000n;
  const steps = modelState.steps.get(stepKey(provider, found.name)) ?? [];
  const last = steps.findLast((step) => step.at.getTime() <= at.getTime());
  return last?.afterBps ?? found.rate.multiplier.startBps;
}

function stepKey(provider: Address, name: string): string {
  return `${provider}|${name}`;
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}
