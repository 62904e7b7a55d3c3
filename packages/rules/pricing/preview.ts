import type { Address } from "viem";

import { MAX_MICROS } from "@compute-credits/protocol/amounts";
import { type AccountRate, pricePinned, tierOf } from "./pinnedRate.ts";
import type { PriceRefusal } from "./price.ts";
import type { PriceDraft } from "./priceDraft.ts";
import type { FoundRate, RateQuery } from "./rateIndex.ts";

/** One account's price with the inputs that it was computed from. */
export interface PricePreview {
  readonly costMicros: bigint;
  readonly found: FoundRate;
  readonly pinned: AccountRate;
  /** index of the last unit's tier; `null` if the rate has no tiers */
  readonly tier: number | null;
}

/** Prices a measurement like a debit, and counts its units for the measurements that follow. */
export function previewPrice(
  draft: PriceDraft,
  measurement: RateQuery & { quantity: bigint; account: Address; at: Date },
): PricePreview | { readonly refusal: PriceRefusal } {
  const { quantity, at } = measurement;
  const found = draft.find(measurement, at);
  if (typeof found === "string") return { refusal: found };
  const pinned = draft.pin(found, { ...measurement, occurredAt: at });
  const costMicros = pricePinned(pinned, quantity);
  if (costMicros > MAX_MICROS) return { refusal: "quantity_too_large" };
  draft.count(pinned, quantity);
  return { costMicros, found, pinned, tier: lastTier(pinned, quantity) };
}

function lastTier(pinned: AccountRate, quantity: bigint): number | null {
  switch (pinned.kind) {
    case "fixed":
    case "dynamic":
      return null;
    case "volume":
      return pinned.tier;
    case "graduated":
      return tierOf(pinned.tiers, pinned.usedUnits + quantity);
    default:
      return pinned satisfies never;
  }
}
