import { createHash } from "node:crypto";

import type { Address, Hex } from "viem";

import { MAX_MICROS } from "@compute-credits/protocol/amounts";
import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import { jsonText } from "@compute-credits/protocol/jsonText";
import type { PriceRefusal } from "../pricing/price.ts";
import { type PinnedRate, pricePinned } from "../pricing/pinnedRate.ts";
import type { PriceDraft } from "../pricing/priceDraft.ts";
import {
  type Shortage,
  type SpendingDraft,
  type UsabilityRefusal,
  firstPayer,
} from "../spending/spendingDraft.ts";
import type { Hold } from "./hold.ts";
import { type Quote, type QuoteRefusal, checkQuote } from "./quote.ts";

/** A provider's request to reserve credits before it works. */
export interface HoldRequest {
  readonly provider: Address;
  readonly id: string;
  readonly spender: SpenderId;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly quantity: bigint;
  readonly ttlSeconds: number;
  /** a signed price; without one the hold takes the current price */
  readonly quote?: Quote;
}

export type HoldRefusal =
  | { readonly reason: PriceRefusal }
  | { readonly reason: "hold_id_conflict" }
  | { readonly reason: "vault_frozen" }
  | { readonly reason: "too_many_holds"; readonly limit: number }
  | QuoteRefusal
  | UsabilityRefusal
  | Shortage;

/** Hashes a request's content, so that a repeated request differs from a conflicting one. */
export function requestHash(request: HoldRequest): Hex {
  const dimensions = Object.entries(request.dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const fields = [
    request.spender,
    request.meter,
    `${request.quantity}`,
    request.ttlSeconds,
    dimensions,
    request.quote === undefined ? null : [request.quote.expiresAt, jsonText(request.quote.rate)],
  ];
  return `0x${createHash("sha256").update(JSON.stringify(fields)).digest("hex")}`;
}

/** Pins the quoted rate, or the current one if there is no quote. */
function pinRequestedRate(
  request: HoldRequest,
  account: Address,
  prices: PriceDraft,
  now: Date,
): PinnedRate | { readonly reason: PriceRefusal } | QuoteRefusal {
  if (request.quote !== undefined) {
    return checkQuote(request.quote, { ...request, account }, now) ?? request.quote.rate;
  }
  const found = prices.find(request, now);
  if (typeof found === "string") return { reason: found };
  return prices.pin(found, { ...request, account, occurredAt: now, at: now });
}

/**
 * Decides a hold: pins the rate, then reserves the whole cost of `quantity` at that rate, or
 * nothing. Changes `draft` only if it succeeds.
 */
export function authorize(
  request: HoldRequest,
  prices: PriceDraft,
  draft: SpendingDraft,
): Hold | HoldRefusal {
  const { now } = draft;
  const usable = draft.usable(request);
  if ("reason" in usable) return usable;

  const rate = pinRequestedRate(request, firstPayer(usable), prices, now);
  if ("reason" in rate) return rate;
  const costMicros = pricePinned(rate, request.quantity);
  if (costMicros > MAX_MICROS) return { reason: "quantity_too_large" };

  const charges = draft.take(usable, costMicros, "held");
  if ("reason" in charges) return charges;

  const { provider, id, spender, meter, dimensions, quantity, ttlSeconds } = request;
  return {
    provider,
    id,
    spender,
    meter,
    dimensions,
    quantity,
    rate,
    requestHash: requestHash(request),
    parts: charges.map(({ account, allowance, amountMicros }) => ({
      account,
      allowance,
      heldMicros: amountMicros,
    })),
    createdAt: now,
    expiresAt: new Date(now.getTime() + ttlSeconds * 1000),
    capturedMicros: 0n,
    capturedQuantity: 0n,
    resolution: null,
  };
}
