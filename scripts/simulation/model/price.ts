import type { SimulatedCard, SimulatedRate } from "../cards.ts";
import { RULES } from "../rules.ts";
import type { ModelRate } from "./state.ts";

type Unpriced = "no_rate_card_in_force" | "unknown_meter" | "no_matching_rate";

/** The rate of the last card that had started by then, for the most dimensions that all agree. */
export function modelRate(
  cards: readonly SimulatedCard[],
  wanted: { meter: string; dimensions: Readonly<Record<string, string>> },
  at: Date,
): ModelRate | Unpriced {
  const started = cards.filter(({ effectiveFrom }) => effectiveFrom.getTime() <= at.getTime());
  const card = started.at(-1);
  if (card === undefined) return "no_rate_card_in_force";

  let best: SimulatedRate | null = null;
  let isKnown = false;
  for (const rate of card.rates) {
    if (rate.meter !== wanted.meter) continue;
    isKnown = true;
    const conditions = Object.entries(rate.dimensions);
    if (conditions.some(([name, value]) => wanted.dimensions[name] !== value)) continue;
    if (best === null || conditions.length > Object.keys(best.dimensions).length) best = rate;
  }
  if (best === null) return isKnown ? "no_matching_rate" : "unknown_meter";
  return { version: started.length, microCredits: best.microCredits, perUnits: best.perUnits };
}

/** Up to the next whole micro-credit. */
export function modelCost({ microCredits, perUnits }: ModelRate, quantity: bigint): bigint {
  const exact = quantity * microCredits;
  return exact % perUnits === 0n ? exact / perUnits : exact / perUnits + 1n;
}

/** Down to a whole micro-credit. */
export function modelFee(amountMicros: bigint): bigint {
  return (amountMicros * RULES.feeBps - ((amountMicros * RULES.feeBps) % 10_000n)) / 10_000n;
}
