import type { Address } from "viem";

import { clamp } from "./clamp.ts";
import { BPS, type Tier } from "./rate.ts";
import type { FoundRate } from "./rateIndex.ts";
import { UnpaidShare } from "./unpaidShare.ts";

/** Identifies a tiered rate's usage: by account, rate and month. */
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
 * A rate with all inputs of its price fixed except the quantity. Holds and quotes store it, so that
 * later changes of cards, usage or multipliers do not affect them. Every debit is priced through
 * one.
 */
export type PinnedRate = AccountRate | SharedRate;

/** The rate that one account pays. */
export type AccountRate = UntieredRate | TieredAccountRate;

type UntieredRate =
  | (LinearPrice & { readonly kind: "fixed" })
  | (LinearPrice & { readonly kind: "dynamic"; readonly multiplierBps: bigint });

/** A rate at the tiers that one account has reached. */
export type TieredAccountRate =
  /** the requested quantity selects the tier: using less never costs more */
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

/** A tiered rate that several accounts pay, each at its own tiers. */
export interface SharedRate {
  readonly kind: "shared";
  readonly rateCardVersion: number;
  /** in the order of payment, at least two; an account may occur again */
  readonly shares: readonly RateShare[];
}

export interface RateShare {
  /** the most that the account pays; the last share pays all that is left */
  readonly micros: bigint;
  /** the units that count as the account's usage; the last share counts all that are left */
  readonly units: bigint;
  readonly rate: TieredAccountRate;
}

/** The inputs of a price besides the card and the quantity. */
export interface PriceFacts {
  /** a dynamic rate's current multiplier; `null` before its first step (`startBps` applies) */
  readonly multiplierBps: (rateKey: string) => bigint | null;
  readonly usedUnits: (use: TierUse) => bigint;
  /** the account that pays */
  readonly account: Address;
  readonly monthOf: () => string;
}

/** Pins the rate of one account for `quantity` units. */
export function pinRate(
  { card, rate, key }: FoundRate,
  quantity: bigint,
  facts: PriceFacts,
): AccountRate {
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
 * The cost of `quantity` units in micro-credits. Exact until the end, then rounded up once: the
 * provider is never paid below its rate; the payer loses less than one micro-credit per event.
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
    case "shared":
      return sharedCost(pinned, quantity);
    default:
      return pinned satisfies never;
  }
}

/**
 * The cost of the next `quantity` units after `usedUnits` of the same pinned rate. All parts add up
 * to the cost of the whole, so that rounding part by part cannot exceed the hold.
 */
export function pricePinnedPart(
  pinned: PinnedRate,
  { usedUnits, quantity }: { usedUnits: bigint; quantity: bigint },
): bigint {
  return pricePinned(pinned, usedUnits + quantity) - pricePinned(pinned, usedUnits);
}

/**
 * What the accounts pay together, by the rule of `findCharges`. Never falls as the quantity grows.
 */
function sharedCost({ shares }: SharedRate, quantity: bigint): bigint {
  const unpaid = new UnpaidShare();
  let costMicros = 0n;
  for (const [index, { micros, rate }] of shares.entries()) {
    const priceMicros = pricePinned(rate, quantity);
    const dueMicros = unpaid.dueMicros(priceMicros);
    if (dueMicros <= micros || index === shares.length - 1) return costMicros + dueMicros;
    costMicros += micros;
    unpaid.pay(micros, priceMicros);
  }
  throw new Error("a shared rate has no shares");
}

/** The index of the tier in which the month's n-th unit falls. */
export function tierOf(tiers: readonly Tier[], unit: bigint): number {
  return tiers.findIndex(({ upTo }) => upTo === null || unit <= upTo);
}

/** The sum of units times price over the tiers of the `quantity` units after `usedUnits`. */
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
