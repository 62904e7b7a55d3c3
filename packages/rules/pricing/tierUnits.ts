import type { Address } from "viem";

import type { PinnedRate, TierUse } from "./pinnedRate.ts";

/** Units to add to a tiered rate's usage. */
export interface TierUnits {
  readonly use: TierUse;
  readonly units: bigint;
}

/** The usages that a price depends on. */
export function tierUsesOf(pinned: PinnedRate): readonly TierUse[] {
  if (pinned.kind === "shared") return pinned.shares.map(({ rate }) => rate.use);
  return "use" in pinned ? [pinned.use] : [];
}

/**
 * The usage that `quantity` units add to a tiered rate, after `usedUnits` of the same pinned rate.
 * Empty for rates without tiers.
 */
export function tierUnitsOf(
  pinned: PinnedRate,
  { usedUnits, quantity }: { usedUnits: bigint; quantity: bigint },
): readonly TierUnits[] {
  switch (pinned.kind) {
    case "fixed":
    case "dynamic":
      return [];
    case "graduated":
    case "volume":
      return [{ use: pinned.use, units: quantity }];
    case "shared":
      return shareUnits(
        pinned.shares.map(({ units, rate }) => ({ units, use: rate.use })),
        usedUnits,
        quantity,
      );
    default:
      return pinned satisfies never;
  }
}

/**
 * Splits `quantity` units after `usedUnits` among shares: the first share has the first units, and
 * so on; the last has all that follow. One entry per account.
 */
export function shareUnits(
  shares: readonly TierUnits[],
  usedUnits: bigint,
  quantity: bigint,
): readonly TierUnits[] {
  const end = usedUnits + quantity;
  let from = usedUnits;
  let shareEnd = 0n;
  const split = new Map<Address, TierUnits>();
  for (const [index, { use, units }] of shares.entries()) {
    shareEnd += units;
    const isLast = index === shares.length - 1;
    const to = isLast || end < shareEnd ? end : shareEnd;
    if (to <= from) continue;
    const before = split.get(use.account)?.units ?? 0n;
    split.set(use.account, { use, units: before + to - from });
    from = to;
  }
  return [...split.values()];
}
