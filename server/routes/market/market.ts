import { Router } from "express";

import { getMarket } from "@compute-credits/api/market/market";
import { parseAddress } from "@compute-credits/protocol/address";
import { mount } from "../../http/mount.ts";
import { boundedPage } from "../../http/page.ts";
import type { MarketOffer, MarketStore, OfferPlace } from "../../stores/market/marketStore.ts";
import { FRESH_SECONDS } from "../../stores/market/postgresMarketStore.ts";
import { describeRate } from "../pricing/describeRate.ts";

export interface MarketDeps {
  readonly market: MarketStore;
}

export function marketRoutes({ market }: MarketDeps): Router {
  const router = Router();

  mount(router, getMarket, async ({ res, read, answer }) => {
    const { basket, match, region, cursor, limit } = read().query;
    const query = { basket, match, region: region ?? null };
    const after = cursor === undefined ? null : placeOf(cursor);
    const page = await market.list(query, { after, limit });
    const { shown } = boundedPage(page.offers, limit, describe);
    const isCut = shown.length < page.offers.length;
    const last = isCut ? (page.offers[shown.length - 1] ?? null) : page.hasMore ? page.last : null;
    res.set("Cache-Control", `public, max-age=${FRESH_SECONDS}`);
    return answer(200, {
      asOf: page.asOf,
      offers: shown,
      nextCursor: last === null ? null : `${last.totalMicros}-${last.provider}`,
    });
  });

  return router;
}

/** The place that a cursor names, in the form that the table checks. */
function placeOf(cursor: string): OfferPlace | null {
  const [totalMicros = "", provider = ""] = cursor.split("-");
  const address = parseAddress(provider);
  return address === null ? null : { totalMicros: BigInt(totalMicros), provider: address };
}

function describe({ profile, lines, totalMicros }: MarketOffer) {
  const { provider, name, endpoints, regions, hardware, terms, issuedAt } = profile;
  return {
    provider,
    name,
    endpoints,
    regions,
    hardware,
    terms: terms === "" ? null : terms,
    issuedAt,
    totalMicros,
    lines: lines.map(({ rate, rateKey, ...line }) => ({
      ...line,
      rate: { ...describeRate(rate), rateKey },
    })),
  };
}
