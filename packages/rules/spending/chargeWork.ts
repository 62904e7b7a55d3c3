import type { Address } from "viem";

import { MAX_MICROS } from "@compute-credits/protocol/amounts";
import type { Allowance } from "../allowances/allowance.ts";
import {
  type AccountRate,
  type PinnedRate,
  type TieredAccountRate,
  pricePinned,
} from "../pricing/pinnedRate.ts";
import type { FoundCharges, PaidShare } from "./findCharges.ts";
import type { Shortage, SpendingDraft } from "./spendingDraft.ts";

/** Work whose rate is known, but not yet who pays. */
export interface RatedWork {
  readonly quantity: bigint;
  /** the rate at the tiers of an account */
  readonly pin: (account: Address) => AccountRate;
}

export interface ChargedWork extends Omit<FoundCharges, "shares"> {
  readonly pinned: PinnedRate;
}

export type ChargeRefusal = Shortage | { readonly reason: "quantity_too_large" };

/**
 * Prices some work and charges it to the usable allowances. Usage, holds and the auditor all charge
 * by this one rule. Changes `draft` only if it succeeds.
 */
export function chargeWork(
  draft: SpendingDraft,
  usable: readonly Allowance[],
  work: RatedWork,
  as: "spent" | "held",
): ChargedWork | ChargeRefusal {
  const [first] = usable;
  if (first === undefined) throw new Error("there is no usable allowance");
  const pinned = work.pin(first.message.account);
  return isTiered(pinned)
    ? chargeTiered(draft, usable, work, as)
    : chargeAtOnePrice(draft, usable, { pinned, quantity: work.quantity }, as);
}

/** Charges work at one rate, whoever pays. */
export function chargeAtOnePrice(
  draft: SpendingDraft,
  usable: readonly Allowance[],
  { pinned, quantity }: { pinned: AccountRate; quantity: bigint },
  as: "spent" | "held",
): ChargedWork | ChargeRefusal {
  const priceMicros = pricePinned(pinned, quantity);
  if (priceMicros > MAX_MICROS) return { reason: "quantity_too_large" };
  const taken = draft.take(usable, { priceMicros }, as);
  return "reason" in taken ? taken : { ...taken, pinned };
}

function chargeTiered(
  draft: SpendingDraft,
  usable: readonly Allowance[],
  { quantity, pin }: RatedWork,
  as: "spent" | "held",
): ChargedWork | ChargeRefusal {
  const known = new Map<Address, TieredAccountRate>();
  const tieredOf = (account: Address): TieredAccountRate => {
    const before = known.get(account);
    if (before !== undefined) return before;
    const pinned = pin(account);
    if (!isTiered(pinned)) throw new Error("the kind of a rate depends on the account");
    known.set(account, pinned);
    return pinned;
  };
  const priceMicrosOf = (account: Address) => pricePinned(tieredOf(account), quantity);
  const taken = draft.take(usable, { quantity, priceMicrosOf }, as);
  if ("reason" in taken) {
    return taken.neededMicros > MAX_MICROS ? { reason: "quantity_too_large" } : taken;
  }
  return { ...taken, pinned: rateOfShares(taken.shares, tieredOf) };
}

/** The rate that the shares together pay: one account's, or one with a part for each. */
function rateOfShares(
  shares: readonly PaidShare[],
  tieredOf: (account: Address) => TieredAccountRate,
): PinnedRate {
  const [first, ...others] = shares;
  if (first === undefined) throw new Error("tiered work was charged without a share");
  const rate = tieredOf(first.account);
  if (others.length === 0) return rate;
  return {
    kind: "shared",
    rateCardVersion: rate.rateCardVersion,
    shares: shares.map(({ account, amountMicros: micros, units }) => ({
      micros,
      units,
      rate: tieredOf(account),
    })),
  };
}

function isTiered(pinned: PinnedRate): pinned is TieredAccountRate {
  return pinned.kind === "graduated" || pinned.kind === "volume";
}
