import type { Address } from "viem";

import { getProviderEarnings } from "@compute-credits/api/insight/usageSums";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import { type Range, rangeQuery } from "./range.ts";

/** What a provider charged and earned in a range, in micro-credits, by group. */
export type Earnings = AnswerBody<typeof getProviderEarnings>;

/**
 * Reads the sums of what a provider charged, without voided events. For the provider itself,
 * operators and auditors.
 */
export async function readEarnings(
  api: Api,
  {
    provider,
    groupBy,
    ...range
  }: {
    readonly provider: Address;
    /** `meter`, if absent */
    readonly groupBy?: "meter" | "day" | "spender" | "account" | "allowance";
  } & Range,
  options?: CallOptions,
): Promise<Earnings> {
  const query = { ...rangeQuery(range), groupBy };
  return await api.call(getProviderEarnings, { params: { address: provider }, query }, options);
}
