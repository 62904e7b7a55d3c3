import { z } from "zod";

import type { QuoteMessage } from "../messages/quote.ts";
import { AddressField, SignatureField, uintField } from "./fields.ts";
import { MeterName } from "./names.ts";

/** `QuoteMessage` as JSON. `dimensions` and `rate` are JSON texts within it, bounded in length. */
const QuoteJson = z.strictObject({
  provider: AddressField,
  account: AddressField,
  meter: MeterName,
  dimensions: z.string().max(8_192),
  quantity: uintField(63),
  costMicros: uintField(63),
  rateCardVersion: uintField(63),
  rate: z.string().max(65_536),
  expiresAt: uintField(63),
}) satisfies z.ZodType<QuoteMessage>;

/** A quote as `POST /v1/quotes` answers it, and as a hold shows it. */
export const SignedQuoteJson = z.strictObject({
  message: QuoteJson,
  signature: SignatureField,
});
