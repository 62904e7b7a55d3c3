import type { Address } from "viem";

import type { PinnedRate } from "../pricing/pinnedRate.ts";

/** A price that this ledger signed, as a hold takes it. */
export interface Quote {
  readonly provider: Address;
  /** whose usage the price's tier goes by */
  readonly account: Address;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly quantity: bigint;
  readonly rate: PinnedRate;
  readonly expiresAt: Date;
}

export type QuoteRefusal =
  | { readonly reason: "quote_expired"; readonly expiredAt: Date }
  /** the hold asks for something else than what was quoted, or somebody else is going to pay */
  | { readonly reason: "quote_mismatch" };

/** What the hold must be, to be made at the quoted price. */
export interface QuotedWork {
  readonly provider: Address;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly quantity: bigint;
  /** who is going to pay first */
  readonly account: Address;
}

/** `null` where the quote holds. It is over at the very moment that it names. */
export function checkQuote(quote: Quote, work: QuotedWork, now: Date): QuoteRefusal | null {
  if (quote.expiresAt <= now) return { reason: "quote_expired", expiredAt: quote.expiresAt };
  const isQuoted =
    quote.provider === work.provider &&
    quote.account === work.account &&
    quote.meter === work.meter &&
    canonicalDimensions(quote.dimensions) === canonicalDimensions(work.dimensions) &&
    work.quantity <= quote.quantity;
  return isQuoted ? null : { reason: "quote_mismatch" };
}

/** JSON with its names in order: the same text for the same dimensions. */
export function canonicalDimensions(dimensions: Readonly<Record<string, string>>): string {
  const entries = Object.entries(dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(entries));
}
