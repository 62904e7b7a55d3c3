import { Router } from "express";
import { z } from "zod";

import {
  AddressField,
  TimeField,
  uintField,
  boundedList,
} from "@compute-credits/protocol/json/fields";
import { Dimensions, MeterName } from "@compute-credits/protocol/json/names";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { PricePreview } from "@compute-credits/rules/pricing/preview";
import type { PriceRefusal } from "@compute-credits/rules/pricing/price";
import { priceBasisOf } from "@compute-credits/rules/pricing/priceBasis";
import { chargeProblem } from "../../http/chargeProblem.ts";
import { parse } from "../../http/parse.ts";
import { respond } from "../../http/respond.ts";
import type { Limits } from "../../limits.ts";
import type { PriceStore } from "../../stores/pricing/priceStore.ts";

export interface PriceDeps {
  readonly prices: PriceStore;
  readonly limits: Pick<Limits, "maxPriceMeasurements">;
  readonly deployment: Deployment;
}

/**
 * `POST /v1/prices`: 200 with what measurements of a provider would cost, charged one after the
 * other, and by which card, rate and tier. One price or problem each, in order. Charges nothing.
 */
export function priceRoutes({ prices, limits, deployment }: PriceDeps): Router {
  const router = Router();
  const PricesBody = pricesBody(limits);

  router.post("/prices", async (req, res) => {
    const previews = await prices.preview(parse(PricesBody, req.body));
    const costs = previews.flatMap((preview) => ("refusal" in preview ? [] : [preview.costMicros]));
    respond(res, 200, {
      prices: previews.map((preview) => describe(preview, deployment)),
      totalMicros: costs.reduce((sum, costMicros) => sum + costMicros, 0n),
    });
  });

  return router;
}

function pricesBody({ maxPriceMeasurements }: PriceDeps["limits"]) {
  const measurement = z.strictObject({
    meter: MeterName,
    quantity: uintField(63),
    dimensions: Dimensions.default({}),
    time: TimeField.nullable().default(null),
  });
  return z.strictObject({
    provider: AddressField,
    account: AddressField.nullable().default(null),
    measurements: boundedList(measurement, maxPriceMeasurements).refine(
      (list) => list.length > 0,
      "must have at least one measurement",
    ),
  });
}

function describe(
  preview: PricePreview | { readonly refusal: PriceRefusal },
  deployment: Deployment,
) {
  if ("refusal" in preview) {
    return { problem: chargeProblem({ reason: preview.refusal }, deployment) };
  }
  const { costMicros, found, pinned, tier } = preview;
  return {
    costMicros,
    rateCardVersion: pinned.rateCardVersion,
    rate: { ...found.rate, rateKey: found.key },
    tier,
    basis: priceBasisOf(pinned),
  };
}
