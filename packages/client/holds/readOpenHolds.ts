import type { Address } from "viem";

import { listOpenHolds } from "@compute-credits/api/holds/openHolds";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** A provider's open holds, in micro-credits, the next to end first. */
export type OpenHolds = AnswerBody<typeof listOpenHolds>;

/**
 * Reads what a provider holds now, at most 1,000 holds; `isAll` says whether there are more. For
 * the provider itself, operators and auditors.
 */
export async function readOpenHolds(
  api: Api,
  { provider, limit }: { readonly provider: Address; readonly limit?: number },
  options?: CallOptions,
): Promise<OpenHolds> {
  return await api.call(
    listOpenHolds,
    { params: { address: provider }, query: { limit } },
    options,
  );
}
