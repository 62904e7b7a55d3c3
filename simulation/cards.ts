import type { Address } from "viem";

import type { MultiplierRule, Rate } from "@compute-credits/rules/pricing/rate";

/** A published rate card. */
export interface SimulatedCard {
  readonly version: number;
  /** `null` for the operator */
  readonly provider: Address | null;
  readonly effectiveFrom: Date;
  readonly rates: readonly Rate[];
}

export type CardPlan = Pick<SimulatedCard, "effectiveFrom" | "rates">;

/** Seconds after the start when the second and third cards take effect: during the run. */
const SECOND_CARD_SECONDS = 2;
const THIRD_CARD_SECONDS = 5;

/** The operator's cards, in version order from 1. */
export function operatorCards(start: Date): readonly CardPlan[] {
  const after = (seconds: number) => new Date(start.getTime() + seconds * 1000);
  return [
    { effectiveFrom: new Date("2020-01-01"), rates: operatorRates(1n) },
    { effectiveFrom: after(SECOND_CARD_SECONDS), rates: operatorRates(2n) },
    { effectiveFrom: after(THIRD_CARD_SECONDS), rates: operatorRates(1n, 2n) },
  ];
}

/** A provider's own rates. They override the operator's for their meters only. */
export function providerRates(factor: bigint): readonly Rate[] {
  return [
    {
      kind: "graduated",
      meter: "requests",
      dimensions: {},
      perUnits: 3n,
      tiers: [
        { upTo: 50n, microCredits: 410n * factor },
        { upTo: 300n, microCredits: 250n },
        { upTo: null, microCredits: 40n },
      ],
    },
    { meter: "gpu.seconds", dimensions: {}, microCredits: 270n * factor, perUnits: 7n },
  ];
}

/** A rule whose multiplier moves often and reaches both bounds. */
export const MULTIPLIER: MultiplierRule = {
  targetBps: 5_000n,
  startBps: 10_000n,
  minBps: 6_000n,
  maxBps: 25_000n,
  maxStepBps: 1_500n,
  denominator: 4n,
  stepSeconds: 1,
};

/** The operator's rates. Odd divisors make nearly every price round. */
function operatorRates(factor: bigint, divisor = 1n): readonly Rate[] {
  const rate = (
    meter: string,
    dimensions: Record<string, string>,
    micros: bigint,
    per: bigint,
  ) => ({
    meter,
    dimensions,
    microCredits: micros * factor,
    perUnits: per * divisor,
  });
  return [
    rate("requests", {}, 100n, 1n),
    rate("gpu.seconds", {}, 300n, 7n),
    rate("gpu.seconds", { gpu: "H100" }, 750n, 7n),
    rate("gpu.seconds", { gpu: "H100", tier: "spot" }, 500n, 11n),
    rate("llm.tokens", {}, 13n, 10n),
    rate("storage.gib_hours", { tier: "gold" }, 40n, 3n),
    rate("health.checks", {}, 0n, 1n),
    {
      kind: "dynamic",
      ...rate("network.gib", {}, 90n, 7n),
      multiplier: MULTIPLIER,
    },
    {
      kind: "volume",
      meter: "cpu.seconds",
      dimensions: {},
      perUnits: 9n,
      tiers: [
        { upTo: 200n, microCredits: 700n * factor },
        { upTo: 900n, microCredits: 500n },
        { upTo: null, microCredits: 300n },
      ],
    },
  ];
}
