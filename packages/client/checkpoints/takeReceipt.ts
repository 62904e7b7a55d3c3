import { issueReceipt } from "@compute-credits/api/checkpoints/receipts";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** The signers' promise to pay what a provider has earned, in micro-credits. */
export type SignedReceipt = AnswerBody<typeof issueReceipt>;

/**
 * Asks the signers to promise all that the provider has earned so far. Needs a provider's key.
 * Events that it counts can no longer be voided.
 */
export async function takeReceipt(api: Api, options?: CallOptions): Promise<SignedReceipt> {
  return await api.call(issueReceipt, {}, options);
}
