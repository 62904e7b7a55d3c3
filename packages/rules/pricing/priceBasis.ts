import type { Address } from "viem";

import {
  type PinnedRate,
  type TierUse,
  type TieredAccountRate,
  pricePinnedPart,
} from "./pinnedRate.ts";
import { type TierUnits, shareUnits } from "./tierUnits.ts";
import type { FoundRate } from "./rateIndex.ts";

/**
 * The inputs of a debit's price besides card, rate and quantity. Stored with the debit, so that
 * anyone can recompute the price and a void can return the units of a tiered rate. `null` if the
 * price has no other input.
 */
export type PriceBasis = StoredPriceFacts | null;

/** The tier of one account. */
interface TierFacts {
  /** units used before */
  readonly usedUnits: bigint | undefined;
  /** whose usage it is */
  readonly use: TierUse | undefined;
  /** for `volume`: a hold fixes it in advance */
  readonly tier: number | undefined;
}

interface StoredPriceFacts extends Partial<TierFacts> {
  /** for a dynamic rate */
  readonly multiplierBps?: bigint | undefined;
  /** for a tiered rate that several accounts pay, instead of one account's tier */
  readonly shares?: readonly StoredShare[] | undefined;
  /** for a later capture of a hold: the units captured before it */
  readonly capturedUnits?: bigint | undefined;
  /** for a capture of units that an extension reserved, instead of all other facts */
  readonly lots?: readonly StoredLot[] | undefined;
}

/** Units of a capture that were reserved together, in the order in which it used them. */
export interface StoredLot {
  readonly units: bigint;
  /** how many of the event's charges are for them; the charges are in this order */
  readonly charges: number;
  readonly rateCardVersion: number;
  readonly heldAt: Date;
  readonly basis: PriceBasis;
}

/** What one account pays of a shared event, and at which tier. */
export interface StoredShare {
  readonly micros: bigint;
  readonly units: bigint;
  readonly usedUnits: bigint;
  readonly use: TierUse;
  readonly tier?: number | undefined;
}

/** The price basis to store with a debit. `capturedUnits` are those captured earlier. */
export function priceBasisOf(pinned: PinnedRate, capturedUnits = 0n): PriceBasis {
  const captured = capturedUnits === 0n ? {} : { capturedUnits };
  switch (pinned.kind) {
    case "fixed":
      return capturedUnits === 0n ? null : captured;
    case "dynamic":
      return { multiplierBps: pinned.multiplierBps, ...captured };
    case "graduated":
    case "volume":
      return { ...tierFactsOf(pinned), ...captured };
    case "shared": {
      const shares = pinned.shares.map(({ micros, units, rate }) => ({
        micros,
        units,
        ...tierFactsOf(rate),
      }));
      return { shares, ...captured };
    }
    default:
      return pinned satisfies never;
  }
}

function tierFactsOf(rate: TieredAccountRate): Pick<StoredShare, "usedUnits" | "use" | "tier"> {
  const { usedUnits, use } = rate;
  return rate.kind === "volume" ? { usedUnits, use, tier: rate.tier } : { usedUnits, use };
}

/** The usages that a debit's price depends on. */
export function tierUsesOfBasis(basis: PriceBasis): readonly TierUse[] {
  const { use, shares = [], lots } = basis ?? {};
  if (lots !== undefined) return lots.flatMap((lot) => tierUsesOfBasis(lot.basis));
  return use === undefined ? shares.map((share) => share.use) : [use];
}

/** The part of a debit's basis that one account may read: without what other accounts have used. */
export function basisOf(basis: PriceBasis, account: Address): PriceBasis {
  if (basis === null) return null;
  const { shares, use, usedUnits, tier, lots, ...others } = basis;
  return {
    ...others,
    ...(lots && { lots: lots.map((lot) => ({ ...lot, basis: basisOf(lot.basis, account) })) }),
    // Before each account paid its own price, one account's tier priced what several paid.
    ...(use?.account === account ? { use, usedUnits, tier } : {}),
    ...(shares && { shares: shares.filter((share) => share.use.account === account) }),
  };
}

/** The tiered usage that a debit of `quantity` units counted. A void takes it back. */
export function tierUnitsOfBasis(basis: PriceBasis, quantity: bigint): readonly TierUnits[] {
  if (basis?.lots !== undefined) return sumUnits(basis.lots);
  if (basis?.use !== undefined) return [{ use: basis.use, units: quantity }];
  return shareUnits(basis?.shares ?? [], basis?.capturedUnits ?? 0n, quantity);
}

/** One entry for each use, however many lots count there. */
function sumUnits(lots: readonly StoredLot[]): readonly TierUnits[] {
  const sums = new Map<string, TierUnits>();
  for (const { use, units } of lots.flatMap((lot) => tierUnitsOfBasis(lot.basis, lot.units))) {
    const key = `${use.account}/${use.month}/${use.rateKey}`;
    sums.set(key, { use, units: units + (sums.get(key)?.units ?? 0n) });
  }
  return [...sums.values()];
}

/** When the credits of each of an event's charges were taken; `takenAt` if not by extensions. */
export function takenAtOfBasis(
  basis: PriceBasis,
  { charges, takenAt }: { readonly charges: number; readonly takenAt: Date },
): readonly Date[] {
  const dates =
    basis?.lots?.flatMap((lot) => Array.from({ length: lot.charges }, () => lot.heldAt)) ?? [];
  return Array.from({ length: charges }, (_, index) => dates[index] ?? takenAt);
}

/**
 * Recomputes a debit's cost in micro-credits from its rate and stored basis, with the rounding of
 * `pricePinned`. Throws if the basis lacks an input that the rate needs. Lots have a rate each: ask
 * for each of them.
 */
export function recomputePrice(found: FoundRate, basis: PriceBasis, quantity: bigint): bigint {
  const { card, rate, key } = found;
  const { multiplierBps, shares, capturedUnits = 0n } = basis ?? {};
  const { perUnits } = rate;
  const rateCardVersion = card.version;
  const price = (pinned: PinnedRate) =>
    pricePinnedPart(pinned, { usedUnits: capturedUnits, quantity });
  const accountRate = (facts: Partial<TierFacts>) => {
    const pinned = tieredRate(found, facts);
    if (pinned === null)
      throw new Error(`the debit's price basis lacks an input of the rate ${key}`);
    return pinned;
  };

  switch (rate.kind) {
    case undefined:
    case "fixed":
      return price({ kind: "fixed", rateCardVersion, microCredits: rate.microCredits, perUnits });
    case "dynamic": {
      if (multiplierBps === undefined) break;
      const { microCredits } = rate;
      return price({ kind: "dynamic", rateCardVersion, microCredits, perUnits, multiplierBps });
    }
    case "graduated":
    case "volume":
      if (shares === undefined) return price(accountRate(basis ?? {}));
      return price({
        kind: "shared",
        rateCardVersion,
        shares: shares.map((share) => ({ ...share, rate: accountRate(share) })),
      });
    default:
      return rate satisfies never;
  }
  throw new Error(`the debit's price basis lacks an input of the rate ${key}`);
}

/** One account's rate at the stored tier; `null` if a fact is missing. */
function tieredRate(
  { card, rate }: FoundRate,
  { usedUnits, use, tier }: Partial<TierFacts>,
): TieredAccountRate | null {
  if (usedUnits === undefined || use === undefined) return null;
  const { version: rateCardVersion } = card;
  switch (rate.kind) {
    case "graduated": {
      const { kind, perUnits, tiers } = rate;
      return { kind, rateCardVersion, perUnits, tiers, usedUnits, use };
    }
    case "volume": {
      const microCredits = tier === undefined ? undefined : rate.tiers[tier]?.microCredits;
      if (tier === undefined || microCredits === undefined) return null;
      const { kind, perUnits } = rate;
      return { kind, rateCardVersion, perUnits, microCredits, tier, usedUnits, use };
    }
    default:
      return null;
  }
}
