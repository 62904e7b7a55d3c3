import type { Address } from "viem";

import { getAccountStatement } from "@compute-credits/api/insight/statements";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import { type Range, rangeQuery } from "./range.ts";

/** An account's movements between two balances, in micro-credits, and whether they reconcile. */
export type AccountStatement = AnswerBody<typeof getAccountStatement>;

/** Reads an account's statement. For its owner, its view keys, operators and auditors. */
export async function readStatement(
  api: Api,
  { account, ...range }: { readonly account: Address } & Range,
  options?: CallOptions,
): Promise<AccountStatement> {
  const query = rangeQuery(range);
  return await api.call(getAccountStatement, { params: { address: account }, query }, options);
}
