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

/** A binding price. A hold placed with it before it expires pays it, even if the cards change. */
export interface QuoteMessage {
  readonly provider: Address;
  /** the account that pays; its usage selects the tier */
  readonly account: Address;
  readonly meter: string;
  /** JSON with sorted names (`canonicalDimensions`) */
  readonly dimensions: string;
  /** the most that may be held at this price, in units of the meter */
  readonly quantity: bigint;
  /** the cost of the whole quantity, rounded up */
  readonly costMicros: bigint;
  readonly rateCardVersion: bigint;
  /** the `PinnedRate` as JSON: all that the price depends on except the quantity */
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
