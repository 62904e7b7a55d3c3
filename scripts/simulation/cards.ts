/** A price of the simulation: `microCredits` for each `perUnits` of a meter. */
export interface SimulatedRate {
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly microCredits: bigint;
  readonly perUnits: bigint;
}

export interface SimulatedCard {
  readonly effectiveFrom: Date;
  readonly rates: readonly SimulatedRate[];
}

/** Seconds after the start at which the second and the third card come into force: under way, not before. */
const SECOND_CARD_SECONDS = 2;
const THIRD_CARD_SECONDS = 5;

/** Version 1 is the first, and so on. */
export function simulatedCards(start: Date): readonly SimulatedCard[] {
  const after = (seconds: number) => new Date(start.getTime() + seconds * 1000);
  return [
    { effectiveFrom: new Date("2020-01-01"), rates: rates(1n) },
    { effectiveFrom: after(SECOND_CARD_SECONDS), rates: rates(2n) },
    { effectiveFrom: after(THIRD_CARD_SECONDS), rates: rates(1n, 2n) },
  ];
}

/** Odd divisors, so that nearly every price is rounded. */
function rates(factor: bigint, divisor = 1n): readonly SimulatedRate[] {
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
  ];
}
