import { Router } from "express";
import { z } from "zod";

import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { basisOf } from "@compute-credits/rules/pricing/priceBasis";
import type { PricePreview } from "@compute-credits/rules/pricing/preview";
import type { PriceRefusal } from "@compute-credits/rules/pricing/price";
import { chargeProblem } from "../../http/chargeProblem.ts";
import { DimensionsField } from "../../http/cloudEvent.ts";
import type { Context } from "../../context.ts";
import { AddressField, TimeField, parse, uintField } from "../../http/fields.ts";
import { MeterName } from "@compute-credits/rules/pricing/rateNames";
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
          dimensions: DimensionsField,
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
    basis: basisOf(pinned),
  };
}
