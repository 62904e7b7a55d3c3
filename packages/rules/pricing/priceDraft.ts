import type { Address } from "viem";

import { type PinnedRate, type TierUse, pinRate } from "./pinnedRate.ts";
import {
  type FoundRate,
  type RateIndex,
  type RateQuery,
  type RateRefusal,
  findRate,
} from "./rateIndex.ts";

/** All that prices depend on. What is not in the maps was never used, and has never moved. */
export interface PriceState {
  readonly rates: RateIndex;
  /** by `tierUseKey`: units of a tiered rate that an account used in a month */
  readonly usedUnits: ReadonlyMap<string, bigint>;
  /** by `multiplierKey`: the multiplier in basis points, as the last step until then left it */
  readonly multipliers: ReadonlyMap<string, bigint>;
}

export function tierUseKey({ account, rateKey, month }: TierUse): string {
  return `${account}/${month}/${rateKey}`;
}

/** A provider's multiplier of a rate, at a time. */
export interface MultiplierMoment {
  readonly provider: Address;
  readonly rateKey: string;
  readonly at: Date;
}

export function multiplierKey({ provider, rateKey, at }: MultiplierMoment): string {
  return `${provider}/${at.getTime()}/${rateKey}`;
}

/** The calendar month in UTC, as tiers count it. */
export function monthOf(time: Date): string {
  return time.toISOString().slice(0, "YYYY-MM".length);
}

/** Units to add to what an account has used. */
export interface TierUnits {
  readonly use: TierUse;
  readonly units: bigint;
}

/** Prices one event after the other: each sees what those before it used of a tiered rate. */
export class PriceDraft {
  readonly #state: PriceState;
  readonly #added = new Map<string, TierUnits>();

  constructor(state: PriceState) {
    this.#state = state;
  }

  /** What was used of tiered rates by all that was counted. */
  get added(): readonly TierUnits[] {
    return [...this.#added.values()];
  }

  find(query: RateQuery, at: Date): FoundRate | RateRefusal {
    return findRate(this.#state.rates, query, at);
  }

  /** Settles the price of an event. `at` is what `find` was asked with; the month is that of the occurrence. */
  pin(
    found: FoundRate,
    event: { provider: Address; account: Address; quantity: bigint; occurredAt: Date; at: Date },
  ): PinnedRate {
    const { provider, account, quantity, occurredAt, at } = event;
    return pinRate(found, quantity, {
      account,
      monthOf: () => monthOf(occurredAt),
      usedUnits: (use) => {
        const key = tierUseKey(use);
        return (this.#state.usedUnits.get(key) ?? 0n) + (this.#added.get(key)?.units ?? 0n);
      },
      multiplierBps: (rateKey) =>
        this.#state.multipliers.get(multiplierKey({ provider, rateKey, at })) ?? null,
    });
  }

  /** Counts what was charged, where the rate is tiered. */
  count(pinned: PinnedRate, quantity: bigint): void {
    for (const { use, units } of tierUnitsOf(pinned, quantity)) {
      const key = tierUseKey(use);
      this.#added.set(key, { use, units: units + (this.#added.get(key)?.units ?? 0n) });
    }
  }
}

/** What charging `quantity` units adds to the usage of a tiered rate; nothing for the other kinds. */
export function tierUnitsOf(pinned: PinnedRate, quantity: bigint): readonly TierUnits[] {
  return "use" in pinned ? [{ use: pinned.use, units: quantity }] : [];
}
