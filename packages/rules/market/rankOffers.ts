import { type Address, zeroAddress } from "viem";

import type { PricePreview } from "../pricing/preview.ts";
import { previewPrice } from "../pricing/preview.ts";
import { PriceDraft, type PriceState } from "../pricing/priceDraft.ts";
import type { FoundRate } from "../pricing/rateIndex.ts";

/** Work of a basket, in whole units of its meter. */
export interface BasketLine {
  readonly meter: string;
  readonly quantity: bigint;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** A provider's price of a whole basket. */
export interface RankedOffer {
  readonly provider: Address;
  readonly totalMicros: bigint;
  /** in the order of the basket */
  readonly lines: readonly PricePreview[];
}

/**
 * `named`: the rate names each dimension of the line, so it is a price for just that, such as one
 * GPU. `charged`: any rate that would apply, such as one for every GPU.
 */
export type Match = "named" | "charged";

/**
 * Prices the basket at each provider as if its lines were events of an account that has used
 * nothing, one after the other: each line is rounded up, like an event, and tiers count the lines
 * before. Providers without a price for a line are left out. The cheapest is first, then the lower
 * address: a total order.
 */
export function rankOffers(
  basket: readonly BasketLine[],
  providers: readonly Address[],
  { state, at, match }: { readonly state: PriceState; readonly at: Date; readonly match: Match },
): readonly RankedOffer[] {
  return providers
    .flatMap((provider) => priceBasket(basket, provider, { state, at, match }) ?? [])
    .toSorted(compareOffers);
}

/** The order of offers, of which each has its own place. */
export function compareOffers(
  one: Pick<RankedOffer, "totalMicros" | "provider">,
  other: Pick<RankedOffer, "totalMicros" | "provider">,
): number {
  if (one.totalMicros !== other.totalMicros) return one.totalMicros < other.totalMicros ? -1 : 1;
  if (one.provider === other.provider) return 0;
  return one.provider < other.provider ? -1 : 1;
}

function priceBasket(
  basket: readonly BasketLine[],
  provider: Address,
  { state, at, match }: { readonly state: PriceState; readonly at: Date; readonly match: Match },
): RankedOffer | null {
  // One draft for each provider: the operator's rates are shared, and count no other's usage.
  const draft = new PriceDraft(state);
  const lines: PricePreview[] = [];
  let totalMicros = 0n;
  for (const line of basket) {
    // The zero address never has credits, so it has used nothing.
    const priced = previewPrice(draft, { ...line, provider, account: zeroAddress, at });
    if ("refusal" in priced) return null;
    if (match === "named" && !namesAll(priced.found, line)) return null;
    totalMicros += priced.costMicros;
    lines.push(priced);
  }
  return { provider, totalMicros, lines };
}

function namesAll({ rate }: FoundRate, { dimensions }: BasketLine): boolean {
  return Object.keys(dimensions).every((name) => Object.hasOwn(rate.dimensions, name));
}
