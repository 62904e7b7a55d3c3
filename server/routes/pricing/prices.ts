import { Router } from "express";
import { z } from "zod";

import { parse } from "../../http/parse.ts";
import { MeterName, Dimensions } from "@compute-credits/protocol/json/names";
import { AddressField, uintField, TimeField } from "@compute-credits/protocol/json/fields";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { priceBasisOf } from "@compute-credits/rules/pricing/priceBasis";
import type { PricePreview } from "@compute-credits/rules/pricing/preview";
import type { PriceRefusal } from "@compute-credits/rules/pricing/price";
import { chargeProblem } from "../../http/chargeProblem.ts";
import type { Context } from "../../context.ts";
import { respond } from "../../http/respond.ts";

/**
 * `POST /v1/prices`: what measurements of a provider would cost, one after the other, and by which card, rate and tier.
 * Charges nothing. 200 with one price, or problem, for each measurement, in order.
 */
export function priceRoutes({ prices, limits, chain }: Context): Router {
  const router = Router();
  const PricesBody = z.strictObject({
    provider: AddressField,
    account: AddressField.nullable().default(null),
    measurements: z
      .array(
        z.strictObject({
          meter: MeterName,
          quantity: uintField(63),
          dimensions: Dimensions.default({}),
          time: TimeField.nullable().default(null),
        }),
      )
      .min(1, "must have at least one measurement")
      .max(limits.maxPriceMeasurements, `must be at most ${limits.maxPriceMeasurements}`),
  });

  router.post("/prices", async (req, res) => {
    const previews = await prices.preview(parse(PricesBody, req.body));
    const costs = previews.flatMap((preview) => ("refusal" in preview ? [] : [preview.costMicros]));
    respond(res, 200, {
      prices: previews.map((preview) => describe(preview, chain.deployment)),
      totalMicros: costs.reduce((sum, costMicros) => sum + costMicros, 0n),
    });
  });

  return router;
}

function describe(
  preview: PricePreview | { readonly refusal: PriceRefusal },
  deployment: Deployment,
) {
  if ("refusal" in preview)
    return { problem: chargeProblem({ reason: preview.refusal }, deployment) };
  const { costMicros, found, pinned, tier } = preview;
  return {
    costMicros,
    rateCardVersion: pinned.rateCardVersion,
    rate: { ...found.rate, rateKey: found.key },
    tier,
    basis: priceBasisOf(pinned),
  };
}
