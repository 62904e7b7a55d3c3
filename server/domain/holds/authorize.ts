import { createHash } from "node:crypto";

import type { Address, Hex } from "viem";

import type { SpenderId } from "../../../protocol/spender.ts";
import type { PriceRefusal } from "../rates/price.ts";
import { type PinnedRate, pricePinned } from "../rates/pinnedRate.ts";
import type { Shortage, SpendingDraft, Unusable } from "../spending/spendingDraft.ts";
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

/** Holds the whole cost of `quantity` at the pinned rate, or nothing. */
export function authorize(
  request: HoldRequest,
  rate: PinnedRate,
  draft: SpendingDraft,
): Hold | HoldRefusal {
  const usable = draft.usable(request);
  if ("reason" in usable) return usable;

  const charges = draft.take(usable, pricePinned(rate, request.quantity), "held");
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
    createdAt: draft.now,
    expiresAt: new Date(draft.now.getTime() + ttlSeconds * 1000),
    capturedMicros: 0n,
    resolution: null,
  };
}
