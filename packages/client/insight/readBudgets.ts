import type { Address, Hex } from "viem";

import { listBudgets, listSpenderBudgets } from "@compute-credits/api/insight/budgets";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { PageOptions } from "../http/pages.ts";

/** A page of budgets: how far each allowance is used, in micro-credits, oldest first. */
export type Budgets = Pick<AnswerBody<typeof listBudgets>, "asOf" | "budgets" | "nextCursor">;

/**
 * Reads a page of budgets: of an account (for its owner and its view keys), or of a spender (for the
 * spender itself). Operators and auditors may read both.
 */
export async function readBudgets(
  api: Api,
  of: ({ readonly account: Address } | { readonly spender: Hex }) & PageOptions,
  options?: CallOptions,
): Promise<Budgets> {
  const { cursor, limit } = of;
  const query = { cursor, limit };
  if ("account" in of) {
    return await api.call(listBudgets, { params: { address: of.account }, query }, options);
  }
  return await api.call(listSpenderBudgets, { params: { spender: of.spender }, query }, options);
}
