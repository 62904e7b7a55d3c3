import { Router } from "express";

import { previewPrices, pricesBody } from "@compute-credits/api/pricing/prices";
import type { PricePreview } from "@compute-credits/rules/pricing/preview";
import type { PriceRefusal } from "@compute-credits/rules/pricing/price";
import { priceBasisOf } from "@compute-credits/rules/pricing/priceBasis";
import { chargeProblem } from "../../http/chargeProblem.ts";
import { mount } from "../../http/mount.ts";
import type { Sale } from "../../http/sale.ts";
import type { Limits } from "../../limits.ts";
import type { PriceStore } from "../../stores/pricing/priceStore.ts";
import { describeRate } from "./describeRate.ts";
import { type TierReaderDeps, checkTierReader } from "./tierReader.ts";

export interface PriceDeps extends TierReaderDeps {
  readonly prices: PriceStore;
  readonly limits: Pick<Limits, "maxPriceMeasurements">;
  readonly sale: Sale;
}

export function priceRoutes({ prices, limits, sale, ...readers }: PriceDeps): Router {
  const router = Router();
  const preview = { ...previewPrices, body: pricesBody(limits) };
  mount(router, preview, async ({ req, read, answer }) => {
    const { body } = read();
    const { account, provider } = body;
    if (account !== null) {
      await checkTierReader(req, { route: previewPrices, account, provider }, readers);
    }
    const previews = await prices.preview(body);
    const costs = previews.flatMap((price) => ("refusal" in price ? [] : [price.costMicros]));
    return answer(200, {
      prices: previews.map((price) => describe(price, sale)),
      totalMicros: costs.reduce((sum, costMicros) => sum + costMicros, 0n),
    });
  });

  return router;
}

function describe(preview: PricePreview | { readonly refusal: PriceRefusal }, sale: Sale) {
  if ("refusal" in preview) {
    return { problem: chargeProblem({ reason: preview.refusal }, sale) };
  }
  const { costMicros, found, pinned, tier } = preview;
  return {
    costMicros,
    rateCardVersion: pinned.rateCardVersion,
    rate: { ...describeRate(found.rate), rateKey: found.key },
    tier,
    basis: priceBasisOf(pinned),
  };
}
