import type { Address } from "viem";

import { getProviderStatement } from "@compute-credits/api/insight/statements";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import { type Range, rangeQuery } from "./range.ts";

/** A provider's earnings between two totals, in micro-credits, and whether they reconcile. */
export type ProviderStatement = AnswerBody<typeof getProviderStatement>;

/** Reads a provider's statement. For the provider itself, operators and auditors. */
export async function readProviderStatement(
  api: Api,
  { provider, ...range }: { readonly provider: Address } & Range,
  options?: CallOptions,
): Promise<ProviderStatement> {
  const query = rangeQuery(range);
  return await api.call(getProviderStatement, { params: { address: provider }, query }, options);
}
