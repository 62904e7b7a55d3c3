import type { Address, Hex } from "viem";

import {
  listAccountDebits,
  listProviderDebits,
  listSpenderDebits,
} from "@compute-credits/api/insight/debits";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { PageOptions } from "../http/pages.ts";
import { type Range, rangeQuery } from "./range.ts";

/** A page of debits, newest first, with amounts in micro-credits. */
export type Debits = AnswerBody<typeof listAccountDebits>;

/**
 * Whose debits: what an account was charged, what a provider charged, or what a spender used, which
 * is a wallet's address or `apiKeySpender(key)`.
 */
export type DebitsOf =
  { readonly account: Address } | { readonly provider: Address } | { readonly spender: Hex };

/**
 * Reads a page of the debits of one party, newest first. For the party itself, the view keys of an
 * account, operators and auditors.
 */
export async function readDebits(
  api: Api,
  of: DebitsOf & { readonly meter?: string } & Range & PageOptions,
  options?: CallOptions,
): Promise<Debits> {
  const { meter, cursor, limit } = of;
  const query = { meter, cursor, limit, ...rangeQuery(of) };
  if ("account" in of) {
    return await api.call(listAccountDebits, { params: { address: of.account }, query }, options);
  }
  if ("provider" in of) {
    return await api.call(listProviderDebits, { params: { address: of.provider }, query }, options);
  }
  return await api.call(listSpenderDebits, { params: { spender: of.spender }, query }, options);
}
