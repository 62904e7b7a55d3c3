import type { Address } from "viem";

import { clamp } from "./clamp.ts";
import { BPS, type Tier } from "./rate.ts";
import type { FoundRate } from "./rateIndex.ts";

/** Whose usage of which tiered rate, in which month. */
export interface TierUse {
  readonly account: Address;
  readonly rateKey: string;
  /** a calendar month in UTC: `2026-11` */
  readonly month: string;
}

interface LinearPrice {
  readonly rateCardVersion: number;
  readonly microCredits: bigint;
  readonly perUnits: bigint;
}

/**
 * A price that is settled: all that it depends on but the quantity. Kept with a hold or a quote, it is charged whatever
 * the cards, the month's usage and the multiplier are later; and every debit is priced through one.
 */
export type PinnedRate =
  | (LinearPrice & { readonly kind: "fixed" })
  | (LinearPrice & { readonly kind: "dynamic"; readonly multiplierBps: bigint })
  /** the tier is chosen by the quantity that was asked about: using less than that costs no more than that did */
  | (LinearPrice & {
      readonly kind: "volume";
      readonly tier: number;
      readonly usedUnits: bigint;
      readonly use: TierUse;
    })
  | {
      readonly kind: "graduated";
      readonly rateCardVersion: number;
      readonly perUnits: bigint;
      readonly tiers: readonly Tier[];
      readonly usedUnits: bigint;
      readonly use: TierUse;
    };

/** What a price depends on, besides the card and the quantity. */
export interface PriceFacts {
  /** the multiplier in force, where the rate is dynamic and has one; a rate starts with its rule's `startBps` */
  readonly multiplierBps: (rateKey: string) => bigint | null;
  readonly usedUnits: (use: TierUse) => bigint;
  /** who pays */
  readonly account: Address;
  readonly monthOf: () => string;
}

/** Settles the price of `quantity` units. */
export function pinRate(
  { card, rate, key }: FoundRate,
  quantity: bigint,
  facts: PriceFacts,
): PinnedRate {
  const rateCardVersion = card.version;
  const { perUnits } = rate;
  switch (rate.kind) {
    case undefined:
    case "fixed":
      return { kind: "fixed", rateCardVersion, microCredits: rate.microCredits, perUnits };
    case "dynamic": {
      const { microCredits, multiplier } = rate;
      const before = facts.multiplierBps(key) ?? multiplier.startBps;
      // A newer version of the card may have narrowed the bounds since the last step.
      const multiplierBps = clamp(before, multiplier.minBps, multiplier.maxBps);
      return { kind: "dynamic", rateCardVersion, microCredits, perUnits, multiplierBps };
    }
    case "graduated":
    case "volume": {
      const { kind, tiers } = rate;
      const use = { account: facts.account, rateKey: key, month: facts.monthOf() };
      const usedUnits = facts.usedUnits(use);
      if (kind === "graduated") return { kind, rateCardVersion, perUnits, tiers, usedUnits, use };
      const tier = tierOf(tiers, usedUnits + quantity);
      const microCredits = tiers[tier]?.microCredits;
      if (microCredits === undefined) throw new Error(`the rate ${key} has no last tier`);
      return { kind, rateCardVersion, microCredits, perUnits, tier, usedUnits, use };
    }
    default:
      return rate satisfies never;
  }
}

/**
 * What `quantity` units cost, in micro-credits. Exact until the end, then rounded up once: a provider is never paid under
 * its rate; the payer loses under one micro-credit per event.
 */
export function pricePinned(pinned: PinnedRate, quantity: bigint): bigint {
  switch (pinned.kind) {
    case "fixed":
    case "volume":
      return divideUp(quantity * pinned.microCredits, pinned.perUnits);
    case "dynamic":
      return divideUp(quantity * pinned.microCredits * pinned.multiplierBps, pinned.perUnits * BPS);
    case "graduated":
      return divideUp(graduatedSum(pinned.tiers, pinned.usedUnits, quantity), pinned.perUnits);
    default:
      return pinned satisfies never;
  }
}

/**
 * What the next `quantity` units cost after `usedUnits` of the same pinned rate were charged. The parts of a whole cost
 * together what the whole costs: rounding up part by part can't take a capture over what was held for it.
 */
export function pricePinnedPart(
  pinned: PinnedRate,
  { usedUnits, quantity }: { usedUnits: bigint; quantity: bigint },
): bigint {
  return pricePinned(pinned, usedUnits + quantity) - pricePinned(pinned, usedUnits);
}

/** The tier of the n-th unit of a month. */
export function tierOf(tiers: readonly Tier[], unit: bigint): number {
  return tiers.findIndex(({ upTo }) => upTo === null || unit <= upTo);
}

/** Units times price, over all tiers that `quantity` units after `usedUnits` fall in. */
function graduatedSum(tiers: readonly Tier[], usedUnits: bigint, quantity: bigint): bigint {
  const end = usedUnits + quantity;
  let sum = 0n;
  let from = usedUnits;
  for (const { upTo, microCredits } of tiers) {
    if (upTo !== null && upTo <= from) continue;
    const to = upTo === null || end < upTo ? end : upTo;
    sum += (to - from) * microCredits;
    from = to;
    if (from === end) break;
  }
  return sum;
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
