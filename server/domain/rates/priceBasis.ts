import type { PinnedRate, TierUse } from "./pinnedRate.ts";

/**
 * What the price of a debit depended on, besides its card, rate and quantity. Kept with the debit, so that anyone can
 * price it again, and that what it used of a tiered rate can be given back. `null` for a fixed rate.
 */
export type PriceBasis =
  { readonly multiplierBps: bigint } | { readonly usedUnits: bigint; readonly use: TierUse } | null;

export function basisOf(pinned: PinnedRate): PriceBasis {
  switch (pinned.kind) {
    case "fixed":
      return null;
    case "dynamic":
      return { multiplierBps: pinned.multiplierBps };
    case "graduated":
    case "volume":
      return { usedUnits: pinned.usedUnits, use: pinned.use };
    default:
      return pinned satisfies never;
  }
}
