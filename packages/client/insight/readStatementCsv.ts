import type { Address } from "viem";

import { getAccountStatement, getProviderStatement } from "@compute-credits/api/insight/statements";
import type { Api, CallOptions } from "../http/api.ts";
import { type Range, rangeQuery } from "./range.ts";

/**
 * Reads the statement of an account or a provider as CSV (RFC 4180), with its header line. The rows
 * and the readers are those of `readStatement` and `readProviderStatement`.
 */
export async function readStatementCsv(
  api: Api,
  of: ({ readonly account: Address } | { readonly provider: Address }) & Range,
  options?: CallOptions,
): Promise<string> {
  const query = rangeQuery(of);
  const [route, address] =
    "account" in of
      ? ([getAccountStatement, of.account] as const)
      : ([getProviderStatement, of.provider] as const);
  return await api.text(route, { params: { address }, query }, "text/csv", options);
}
