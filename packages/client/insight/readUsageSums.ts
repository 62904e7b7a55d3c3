import type { Address } from "viem";

import { getAccountUsage } from "@compute-credits/api/insight/usageSums";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import { type Range, rangeQuery } from "./range.ts";

/** What an account was charged in a range, in micro-credits, by group. */
export type UsageSums = AnswerBody<typeof getAccountUsage>;

/**
 * Reads the sums of what an account was charged, without voided events. For its owner, its view
 * keys, operators and auditors.
 */
export async function readUsageSums(
  api: Api,
  {
    account,
    groupBy,
    ...range
  }: {
    readonly account: Address;
    /** `meter`, if absent */
    readonly groupBy?: "meter" | "day" | "spender" | "provider" | "allowance";
  } & Range,
  options?: CallOptions,
): Promise<UsageSums> {
  const query = { ...rangeQuery(range), groupBy };
  return await api.call(getAccountUsage, { params: { address: account }, query }, options);
}
