import { z } from "zod";

import { listRateCards } from "@compute-credits/api/pricing/rateCards";
import { type Api, type Prices, previewPrices } from "@compute-credits/client";
import {
  Address,
  AddressInput,
  DimensionsInput,
  Labels,
  MeterInput,
  Micros,
  QuantityInput,
  Whole,
} from "../fields.ts";
import { Refused, refusedWork } from "../refusedWork.ts";
import { tool } from "../tool.ts";

/** The rates of one card that are listed; a card with more is named, and cut. */
const MOST_RATES = 100;

const Rate = z.object({
  kind: z.string().describe("`fixed`, `graduated`, `volume` or `dynamic`."),
  meter: z.string(),
  dimensions: Labels.describe("For work with these; empty for all."),
  perUnits: Whole.describe("The units that a price is of."),
  microCredits: Micros.nullable().describe("Price of `perUnits`; `null` with tiers."),
  tiers: z
    .array(z.object({ upTo: Whole.nullable(), microCredits: Micros }))
    .describe("By the account's units of the month; empty without tiers."),
});

const Price = z.object({ costMicros: Micros, rateCardVersion: z.int(), rate: Rate });

export const prices = tool({
  name: "prices",
  title: "Prices",
  description:
    "Without a meter: the rates that a provider charges, from its own card and the operator's. With " +
    "a meter: the rate for it and these dimensions, and what the quantity costs, rounded up to a " +
    "micro-credit. Charges nothing. Prices with tiers are of an account without prior usage.",
  input: z.strictObject({
    provider: AddressInput.describe("Who does the work."),
    meter: MeterInput.optional(),
    dimensions: DimensionsInput.default({}),
    quantity: QuantityInput.default("1"),
  }),
  output: z.object({
    provider: Address,
    price: z.union([Price, Refused]).nullable().describe("`null` without a meter."),
    rates: z.array(Rate).describe("Without a meter."),
    isComplete: z.boolean().describe(`Whether all rates are listed: the first ${MOST_RATES} are.`),
  }),
  async run({ provider, meter, dimensions, quantity }, { anyone }) {
    if (meter === undefined) {
      const rates = await ratesOf(anyone, provider);
      return {
        provider,
        price: null,
        rates: rates.slice(0, MOST_RATES).map(shownRate),
        isComplete: rates.length <= MOST_RATES,
      };
    }
    const measurements = [{ meter, dimensions, quantity }];
    const { prices: found } = await previewPrices(anyone, { provider, measurements });
    const [price] = found.map(shownPrice);
    return { provider, price: price ?? null, rates: [], isComplete: true };
  },
});

/** Of the newest card in force of each: a provider's own rates come before the operator's. */
async function ratesOf(api: Api, provider: string): Promise<readonly FoundRate[]> {
  const cards = await Promise.all(
    [provider, "operator"].map(async (publisher) => {
      const { rateCards } = await api.call(listRateCards, { query: { provider: publisher } });
      return rateCards.find(({ effectiveFrom }) => effectiveFrom.getTime() <= Date.now());
    }),
  );
  return cards.flatMap((card) => card?.rates ?? []);
}

type FoundPrice = Prices["prices"][number];
type FoundRate = Extract<FoundPrice, { rate: unknown }>["rate"];

function shownPrice(price: FoundPrice) {
  if ("problem" in price) return refusedWork(price.problem);
  const { costMicros, rateCardVersion, rate } = price;
  return { costMicros, rateCardVersion, rate: shownRate(rate) };
}

function shownRate(rate: FoundRate) {
  const { kind, meter, dimensions, perUnits } = rate;
  return {
    kind,
    meter,
    dimensions,
    perUnits,
    microCredits: "microCredits" in rate ? rate.microCredits : null,
    tiers: "tiers" in rate ? rate.tiers : [],
  };
}
