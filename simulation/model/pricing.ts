import type { Address } from "viem";

import type { UtilisationReport } from "../../server/stores/pricing/multiplierStore.ts";
import type { ModelState } from "./modelState.ts";
import {
  type ModelPrice,
  type ModelRate,
  type Priced,
  modelRate,
  monthText,
  settledPrice,
  steppedMultiplier,
  useText,
} from "./price.ts";

/** The price of something that happened then, for who pays; what is dated ahead is priced as of now. */
export function priceOf(
  modelState: ModelState,
  found: ModelRate,
  what: { provider: Address; account: Address; quantity: bigint; occurredAt: Date; at: Date },
): ModelPrice {
  const { provider, account, quantity, occurredAt, at } = what;
  const use = useText(account, monthText(occurredAt), found.name);
  return settledPrice(found, {
    use,
    usedBefore: modelState.used.get(use) ?? 0n,
    multiplierBps: multiplierAt(modelState, provider, found, earlier(occurredAt, at)),
    quantity,
  });
}

export function foundRate(modelState: ModelState, wanted: Priced, occurredAt: Date, at: Date) {
  return modelRate(modelState.cards, wanted, earlier(occurredAt, at));
}

type Step = { stepped: bigint } | { refusal: string };

/** The multiplier that a report of utilisation leads to; `at` is when the step would take effect. */
export function stepped(modelState: ModelState, report: UtilisationReport, at: Date): Step {
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
  const afterBps = steppedMultiplier(before, utilisationBps, multiplier);
  const key = stepKey(provider, found.name);
  modelState.set(modelState.steps, key, [...(modelState.steps.get(key) ?? []), { at, afterBps }]);
  return { stepped: afterBps };
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
