import type { Address } from "viem";

import { listAllowances } from "@compute-credits/api/allowances/allowances";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { PageOptions } from "../http/pages.ts";

/** A page of allowances with their use, in micro-credits, without the grants out of them. */
export type Allowances = AnswerBody<typeof listAllowances>;

/**
 * Reads a page of the allowances that an account's owner signed, oldest first. For the owner, its
 * view keys, operators and auditors. The server may hide one, and shows each with its signature:
 * check that.
 */
export async function readAllowances(
  api: Api,
  { account, ...query }: { readonly account: Address } & PageOptions,
  options?: CallOptions,
): Promise<Allowances> {
  return await api.call(listAllowances, { params: { address: account }, query }, options);
}
