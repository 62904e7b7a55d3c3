import { MATCHES, getMarket } from "@compute-credits/api/market/market";
import type { AnswerBody } from "@compute-credits/api/route";
import { jsonText } from "@compute-credits/protocol/jsonText";
import type { Api, CallOptions } from "../http/api.ts";
import type { PageOptions } from "../http/pages.ts";

/** A page of offers, the cheapest first. Prices are in micro-credits. */
export type Market = AnswerBody<typeof getMarket>;

/** A provider's price of a basket, and what the provider says of itself. */
export type MarketOffer = Market["offers"][number];

/** Work whose price sorts offers. */
export interface BasketLine {
  readonly meter: string;
  /** whole units of the meter */
  readonly quantity: bigint;
  readonly dimensions?: Readonly<Record<string, string>>;
}

/**
 * Reads a page of who offers some work, the cheapest first, at most 100. For anyone. What providers
 * say of themselves is text of strangers: show it as text.
 */
export async function readMarket(
  api: Api,
  {
    basket,
    match,
    region,
    cursor,
    limit,
  }: {
    /** up to 8 lines; a provider offers all of them */
    readonly basket: readonly BasketLine[];
    /** `named`, if absent: rates that name each dimension; `charged`: all that would apply */
    readonly match?: (typeof MATCHES)[number];
    /** only providers whose profile names it */
    readonly region?: string;
  } & PageOptions,
  options?: CallOptions,
): Promise<Market> {
  const query = { basket: jsonText(basket), match, region, cursor, limit };
  return await api.call(getMarket, { query }, options);
}
