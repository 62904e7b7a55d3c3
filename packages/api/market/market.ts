import { z } from "zod";

import { boundedList, uintField } from "@compute-credits/protocol/json/fields";
import { Dimensions, MeterName } from "@compute-credits/protocol/json/names";
import { RegionName } from "@compute-credits/protocol/json/profile";
import { MARKET, PAGES } from "../bounds.ts";
import { MicrosText, NextCursor, TimeText, UintText, limitField } from "../fields.ts";
import { KeyedRate } from "../pricing/rates.ts";
import { route } from "../route.ts";
import { profileFields } from "./profiles.ts";

/** The work whose price sorts the offers. */
export const Basket = boundedList(
  z.strictObject({
    meter: MeterName,
    quantity: uintField(63),
    dimensions: Dimensions.default({}),
  }),
  MARKET.basketLines.most,
).refine((lines) => lines.length > 0, "must have at least one line");

/** The basket in a URL, as JSON. */
const BasketText = z
  .string()
  .max(MARKET.basketCharacters.most)
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({
        code: "custom",
        message: 'must be JSON like [{"meter":"gpu.seconds","quantity":"3600"}]',
      });
      return z.NEVER;
    }
  })
  .pipe(Basket)
  .meta({ description: 'JSON: a list of `{"meter", "quantity", "dimensions"}`, 1 to 8 of them.' });

/** Which rates count as an offer of the basket. */
export const MATCHES = ["named", "charged"] as const;

const OfferLine = z.object({
  costMicros: MicrosText,
  rateCardVersion: z.int().min(1),
  rate: KeyedRate,
  multiplierBps: UintText.nullable().describe("Of a dynamic rate, now."),
  utilisation: z
    .object({ utilisationBps: UintText, reportedAt: TimeText })
    .nullable()
    .describe("Of a dynamic rate: what the provider reported with its last step."),
});

const MarketOffer = z
  .object({
    ...profileFields,
    totalMicros: MicrosText.describe("Of the lines, each rounded up as its event would be."),
    lines: z.array(OfferLine).describe("In the order of the basket."),
  })
  .meta({ id: "MarketOffer" });

export const getMarket = route({
  id: "getMarket",
  weight: "heavyRead",
  method: "get",
  path: "/v1/market",
  tag: "market",
  summary: "Who offers some work, the cheapest first",
  description:
    "Listed and approved providers that have a price for every line of the basket, by its total " +
    "and then by address. A price is what an account is charged that has used nothing this month. " +
    "`match=named` wants rates that name each dimension of the basket; `charged` takes every rate " +
    "that would apply, such as one for any GPU. Prices may be a few seconds old: " +
    "`Cache-Control` says how many.",
  callers: ["anyone"],
  query: z.strictObject({
    basket: BasketText,
    match: z.enum(MATCHES).default("named"),
    region: RegionName.optional().describe("Only providers whose profile names it."),
    cursor: z
      .string()
      .regex(/^\d{1,21}-0x[0-9a-f]{40}$/, "must be a nextCursor of this list")
      .optional(),
    limit: limitField(PAGES.market),
  }),
  answers: {
    200: {
      description: "A page of offers.",
      schema: z
        .object({
          asOf: TimeText.describe("The time of the prices."),
          offers: z.array(MarketOffer).max(PAGES.market.most),
          nextCursor: NextCursor,
        })
        .meta({ id: "Market" }),
    },
  },
  reasons: [],
});
