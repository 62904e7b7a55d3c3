import type { Address } from "viem";

import { MAX_MICROS } from "@compute-credits/protocol/amounts";
import type { Allowance } from "../allowances/allowance.ts";
import { type AccountRate, pricePinned } from "../pricing/pinnedRate.ts";
import type { ChargeRefusal, ChargedWork } from "../spending/chargeWork.ts";
import type { SpendingDraft } from "../spending/spendingDraft.ts";

/** What a quote promises, apart from the work. */
export interface QuotedPrice {
  readonly account: Address;
  readonly rate: AccountRate;
}

/** Work with a quote, and the rate at the tiers of any other account. */
export interface QuotedCharge {
  readonly quantity: bigint;
  readonly quote: QuotedPrice;
  readonly pin: (account: Address) => AccountRate;
}

/**
 * Reserves credits at a quoted rate, which takes the place of the account's own. The quoted account
 * must pay all of it, so that no account gets another's tiers by showing its quote. If others would
 * pay some, the quote does not fit: it does not change who pays.
 */
export function chargeQuoted(
  draft: SpendingDraft,
  usable: readonly Allowance[],
  { quantity, quote, pin }: QuotedCharge,
): ChargedWork | ChargeRefusal | { readonly reason: "quote_mismatch" } {
  const priceMicros = pricePinned(quote.rate, quantity);
  if (priceMicros > MAX_MICROS) return { reason: "quantity_too_large" };
  const isQuoted = (account: Address) => account === quote.account;
  if (!usable.some(({ message }) => isQuoted(message.account))) return { reason: "quote_mismatch" };

  const priceMicrosOf = (account: Address) =>
    isQuoted(account) ? priceMicros : pricePinned(pin(account), quantity);
  const work = "use" in quote.rate ? { quantity, priceMicrosOf } : { priceMicros };
  const found = draft.find(usable, work, "held");
  if ("reason" in found) return found;
  const { charges, shares, costMicros } = found;
  if (![...charges, ...shares].every(({ account }) => isQuoted(account))) {
    return { reason: "quote_mismatch" };
  }
  found.make();
  return { charges, costMicros, pinned: quote.rate };
}
