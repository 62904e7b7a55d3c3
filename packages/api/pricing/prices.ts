import { z } from "zod";

import { AddressField } from "@compute-credits/protocol/json/fields";
import { MAX_MEASUREMENTS_PER_REQUEST } from "../bounds.ts";
import { MicrosText } from "../fields.ts";
import { Problem } from "../openapi/problem.ts";
import { measurementList } from "./measurement.ts";
import { PriceBasis } from "./priceBasis.ts";
import { route } from "../route.ts";
import { KeyedRate } from "./rates.ts";

/** The body of `previewPrices` on a server with this limit. */
export function pricesBody({ maxPriceMeasurements }: { readonly maxPriceMeasurements: number }) {
  return z.strictObject({
    provider: AddressField,
    account: AddressField.nullable()
      .default(null)
      .describe("The payer, whose usage decides the tier; `null` prices without prior usage."),
    measurements: measurementList(maxPriceMeasurements),
  });
}

const Price = z
  .object({
    costMicros: MicrosText,
    rateCardVersion: z.int().min(1),
    rate: KeyedRate,
    tier: z.int().min(0).nullable().describe("Of the last unit; `null` without tiers."),
    basis: PriceBasis.nullable(),
  })
  .meta({ id: "Price" });

const Prices = z
  .object({
    prices: z
      .array(z.union([Price, z.object({ problem: Problem })]))
      .describe("In the order of the measurements."),
    totalMicros: MicrosText.describe("Of all that have a price."),
  })
  .meta({ id: "Prices" });

export const previewPrices = route({
  id: "previewPrices",
  weight: "heavyRead",
  method: "post",
  path: "/v1/prices",
  tag: "pricing",
  summary: "What work would cost, and why; charges nothing",
  description:
    "As if the measurements were charged one after the other. Only without an `account` may anyone " +
    "ask: what it has used decides the tier. Its owner may, with a session or `CampaignAccess`, a " +
    "spender that accepted it, and an approved provider with its key, for its own rates.",
  isWork: true,
  callers: ["anyone", "owner", "theSpender", "theProvider", "operator"],
  body: pricesBody({ maxPriceMeasurements: MAX_MEASUREMENTS_PER_REQUEST }),
  exampleBody: {
    provider: "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
    measurements: [{ meter: "gpu.seconds", quantity: 90, dimensions: { gpu: "H100" } }],
  },
  answers: { 200: { description: "A price or a problem of each.", schema: Prices } },
  reasons: [],
});
