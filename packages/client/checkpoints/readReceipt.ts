import type { Address } from "viem";

import { getLatestReceipt } from "@compute-credits/api/checkpoints/receipts";
import type { Api, CallOptions } from "../http/api.ts";
import type { SignedReceipt } from "./takeReceipt.ts";

/**
 * Reads a provider's last receipt, as co-signers have signed it by now. For the provider itself;
 * operators and auditors name the `provider`. Rejects with `receipt_not_found` before the first one.
 */
export async function readReceipt(
  api: Api,
  { provider }: { readonly provider?: Address } = {},
  options?: CallOptions,
): Promise<SignedReceipt> {
  return await api.call(getLatestReceipt, { query: { provider } }, options);
}
