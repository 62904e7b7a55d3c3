import type { Address } from "viem";

import { type AccountRate, type PinnedRate, type TierUse, pinRate } from "./pinnedRate.ts";
import {
  type FoundRate,
  type RateIndex,
  type RateQuery,
  type RateRefusal,
  findRate,
} from "./rateIndex.ts";
import { type TierUnits, tierUnitsOf } from "./tierUnits.ts";

/** The state that prices depend on. A missing entry means no usage, or no step so far. */
export interface PriceState {
  readonly rates: RateIndex;
  /** by `tierUseKey`: units used */
  readonly usedUnits: ReadonlyMap<string, bigint>;
  /** by `multiplierKey`: the multiplier in basis points at that time */
  readonly multipliers: ReadonlyMap<string, bigint>;
}

export function tierUseKey({ account, rateKey, month }: TierUse): string {
  return `${account}/${month}/${rateKey}`;
}

/** Identifies a multiplier by provider, rate and time. */
export interface MultiplierMoment {
  readonly provider: Address;
  readonly rateKey: string;
  readonly at: Date;
}

export function multiplierKey({ provider, rateKey, at }: MultiplierMoment): string {
  return `${provider}/${at.getTime()}/${rateKey}`;
}

/** The calendar month in UTC, by which tiers count usage: `2026-11`. */
export function monthOf(time: Date): string {
  return time.toISOString().slice(0, "YYYY-MM".length);
}

/** Prices events in order: each counts the tiered usage of the events before it. */
export class PriceDraft {
  readonly #state: PriceState;
  #added = new Map<string, TierUnits>();

  constructor(state: PriceState) {
    this.#state = state;
  }

  /** The tiered usage counted so far. */
  get added(): readonly TierUnits[] {
    return [...this.#added.values()];
  }

  /** Remembers the usage counted so far. Call the result to take all later counts back. */
  mark(): () => void {
    const added = new Map(this.#added);
    return () => {
      this.#added = added;
    };
  }

  find(query: RateQuery, at: Date): FoundRate | RateRefusal {
    return findRate(this.#state.rates, query, at);
  }

  /** Pins an event's rate for one account. `at` is the time passed to `find`; `occurredAt` selects the month. */
  pin(
    found: FoundRate,
    event: { provider: Address; account: Address; quantity: bigint; occurredAt: Date; at: Date },
  ): AccountRate {
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

  /**
   * Counts charged units of a tiered rate, after `usedUnits` of the same pinned rate. Other kinds
   * have no usage.
   */
  count(pinned: PinnedRate, quantity: bigint, usedUnits = 0n): void {
    for (const { use, units } of tierUnitsOf(pinned, { usedUnits, quantity })) {
      const key = tierUseKey(use);
      this.#added.set(key, { use, units: units + (this.#added.get(key)?.units ?? 0n) });
    }
  }
}
