import type { Address, Hex } from "viem";

import type { QuoteMessage } from "@compute-credits/protocol/messages/quote";
import type { Quote } from "@compute-credits/rules/holds/quote";
import type { PriceRefusal } from "@compute-credits/rules/pricing/price";

export interface QuoteRequest {
  readonly provider: Address;
  readonly account: Address;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly quantity: bigint;
  readonly ttlSeconds: number;
}

export interface SignedQuote {
  readonly message: QuoteMessage;
  readonly signature: Hex;
}

export interface QuoteStore {
  /** whose signature binds; every server of a ledger has the same */
  readonly signer: Address;
  make(request: QuoteRequest): Promise<SignedQuote | { readonly refusal: PriceRefusal }>;
  /** The quote, or `null` where this ledger never signed it. */
  read(signed: SignedQuote): Promise<Quote | null>;
}
