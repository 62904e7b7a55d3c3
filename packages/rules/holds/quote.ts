import type { Address } from "viem";

import type { AccountRate } from "../pricing/pinnedRate.ts";

/** A price that this ledger signed and a hold can use. */
export interface Quote {
  readonly provider: Address;
  /** the account whose usage selects the tier */
  readonly account: Address;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly quantity: bigint;
  readonly rate: AccountRate;
  readonly expiresAt: Date;
}

export type QuoteRefusal =
  | { readonly reason: "quote_expired"; readonly expiredAt: Date }
  /** the hold differs from the quoted work, or another account would pay some of it */
  | { readonly reason: "quote_mismatch" };

/** The properties of a hold that a quote must match. */
export interface QuotedWork {
  readonly provider: Address;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly quantity: bigint;
}

/**
 * Checks a quote against the work of a hold; `null` if it applies, apart from who pays
 * (chargeQuoted.ts). A quote ends exactly at `expiresAt`.
 */
export function checkQuote(quote: Quote, work: QuotedWork, now: Date): QuoteRefusal | null {
  if (quote.expiresAt <= now) return { reason: "quote_expired", expiredAt: quote.expiresAt };
  const isQuoted =
    quote.provider === work.provider &&
    quote.meter === work.meter &&
    canonicalDimensions(quote.dimensions) === canonicalDimensions(work.dimensions) &&
    work.quantity <= quote.quantity;
  return isQuoted ? null : { reason: "quote_mismatch" };
}

/** Writes dimensions as JSON with sorted names, so that equal dimensions give equal text. */
export function canonicalDimensions(dimensions: Readonly<Record<string, string>>): string {
  const entries = Object.entries(dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(entries));
}
