import type { Address } from "viem";

import type { BasketLine, Match } from "@compute-credits/rules/market/rankOffers";
import type { Rate } from "@compute-credits/rules/pricing/rate";
import type { PublishedProfile } from "./profileStore.ts";

export interface MarketQuery {
  readonly basket: readonly BasketLine[];
  readonly match: Match;
  /** only providers whose profile names it; `null` is any */
  readonly region: string | null;
}

/** What a provider reported of a dynamic rate with its last step. */
export interface ReportedUtilisation {
  readonly utilisationBps: bigint;
  readonly reportedAt: Date;
}

/** A line's price, with what it was computed from. */
export interface OfferLine {
  readonly costMicros: bigint;
  readonly rateCardVersion: number;
  readonly rate: Rate;
  readonly rateKey: string;
  /** `null` unless the rate is dynamic */
  readonly multiplierBps: bigint | null;
  /** `null` too, if the rate has made no step */
  readonly utilisation: ReportedUtilisation | null;
}

/** The place of an offer in the list. */
export interface OfferPlace {
  readonly totalMicros: bigint;
  readonly provider: Address;
}

/** A provider's price of the whole basket. */
export interface PricedOffer extends OfferPlace {
  /** in the order of the basket */
  readonly lines: readonly OfferLine[];
}

export interface MarketOffer extends PricedOffer {
  readonly profile: PublishedProfile;
}

export interface MarketPage {
  /** the time of the prices */
  readonly asOf: Date;
  readonly offers: readonly MarketOffer[];
  /** the last place that the page looked at; `null` if there was none */
  readonly last: OfferPlace | null;
  /** whether other places follow */
  readonly hasMore: boolean;
}

export interface MarketStore {
  /** Lists offers in their order, after a place. Prices may be a few seconds old. */
  list(
    query: MarketQuery,
    page: { readonly after: OfferPlace | null; readonly limit: number },
  ): Promise<MarketPage>;
}
