import type { Address } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

export const QUOTE_TYPES = {
  Quote: [
    { name: "provider", type: "address" },
    { name: "account", type: "address" },
    { name: "meter", type: "string" },
    { name: "dimensions", type: "string" },
    { name: "quantity", type: "uint64" },
    { name: "costMicros", type: "uint64" },
    { name: "rateCardVersion", type: "uint64" },
    { name: "rate", type: "string" },
    { name: "expiresAt", type: "uint64" },
  ],
} as const;

/** A binding price: a hold that is made with it before it expires is charged at it, whatever the cards say by then. */
export interface QuoteMessage {
  readonly provider: Address;
  /** whose usage decides about tiers: the account that pays */
  readonly account: Address;
  readonly meter: string;
  /** JSON, with its names in order */
  readonly dimensions: string;
  /** the most that may be held at this price, in units of the meter */
  readonly quantity: bigint;
  /** what all of it costs */
  readonly costMicros: bigint;
  readonly rateCardVersion: bigint;
  /** all that the price depends on but the quantity, as JSON: what a hold keeps */
  readonly rate: string;
  /** seconds since 1970 */
  readonly expiresAt: bigint;
}

export function quoteTypedData(deployment: Deployment, message: QuoteMessage) {
  return {
    domain: signingDomain(deployment),
    types: QUOTE_TYPES,
    primaryType: "Quote",
    message,
  } as const;
}
