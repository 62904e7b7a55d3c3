import type { Address } from "viem";

import { addReceiptSignature } from "@compute-credits/api/checkpoints/receipts";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { Sent } from "../http/sent.ts";

/** How many signatures of a receipt count so far. */
export type ReceiptSignatures = AnswerBody<typeof addReceiptSignature>;

/**
 * Adds a co-signer's signature to a provider's newest receipt. For anyone that has it: it speaks
 * for itself. The same again changes nothing. `earned` is in micro-credits.
 */
export async function cosignReceipt(
  api: Api,
  { provider, ...body }: { readonly provider: Address } & Sent<typeof addReceiptSignature>["body"],
  options?: CallOptions,
): Promise<ReceiptSignatures> {
  return await api.call(addReceiptSignature, { params: { provider }, body }, options);
}
