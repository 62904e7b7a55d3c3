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
  /** the quotes' signer; all servers of a ledger share it */
  readonly signer: Address;
  /** Prices the work and signs a quote that holds honour until it expires. */
  make(request: QuoteRequest): Promise<SignedQuote | { readonly refusal: PriceRefusal }>;
  /** Verifies a quote. Returns `null` if this ledger did not sign it. */
  read(signed: SignedQuote): Promise<Quote | null>;
}
