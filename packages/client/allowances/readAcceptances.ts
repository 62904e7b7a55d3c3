import type { Hex } from "viem";

import { listAcceptances } from "@compute-credits/api/allowances/acceptances";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { PageOptions } from "../http/pages.ts";

/** A page of accounts that may pay for a spender, with what each has, in micro-credits. */
export type Acceptances = AnswerBody<typeof listAcceptances>;

/**
 * Reads a page of the accounts that a spender accepts, by address. For the spender itself,
 * operators and auditors.
 */
export async function readAcceptances(
  api: Api,
  {
    spender,
    ...query
  }: {
    /** a wallet's address, or `apiKeySpender(key)` */
    readonly spender: Hex;
  } & PageOptions,
  options?: CallOptions,
): Promise<Acceptances> {
  return await api.call(listAcceptances, { params: { spender }, query }, options);
}
