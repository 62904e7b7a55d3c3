import { createHash } from "node:crypto";

import type { Address, Hex } from "viem";

import { MAX_MICROS } from "../../../protocol/amounts.ts";
import type { SpenderId } from "../../../protocol/spender.ts";
import type { PriceRefusal } from "../rates/price.ts";
import { pricePinned } from "../rates/pinnedRate.ts";
import type { PriceDraft } from "../rates/priceDraft.ts";
import {
  type Shortage,
  type SpendingDraft,
  type Unusable,
  firstPayer,
} from "../spending/spendingDraft.ts";
import type { Hold } from "./hold.ts";

/** What a provider asks to be set aside before it works. */
export interface HoldRequest {
  readonly provider: Address;
  readonly id: string;
  readonly spender: SpenderId;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly quantity: bigint;
  readonly ttlSeconds: number;
}

export type HoldRefusal =
  | { readonly reason: PriceRefusal }
  | { readonly reason: "hold_id_conflict" }
  | { readonly reason: "too_many_holds"; readonly limit: number }
  | Unusable
  | Shortage;

/** Equal for requests that ask the same: what tells a repetition from a conflict. */
export function requestHash(request: HoldRequest): Hex {
  const dimensions = Object.entries(request.dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const asked = [
    request.spender,
    request.meter,
    `${request.quantity}`,
    request.ttlSeconds,
    dimensions,
  ];
  return `0x${createHash("sha256").update(JSON.stringify(asked)).digest("hex")}`;
}

/** Pins the rate of now, and holds the whole cost of `quantity` at it, or nothing. */
export function authorize(
  request: HoldRequest,
  prices: PriceDraft,
  draft: SpendingDraft,
): Hold | HoldRefusal {
  const { now } = draft;
  const found = prices.find(request, now);
  if (typeof found === "string") return { reason: found };
  const usable = draft.usable(request);
  if ("reason" in usable) return usable;

  const payer = { account: firstPayer(usable) };
  const rate = prices.pin(found, { ...request, ...payer, occurredAt: now, at: now });
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
