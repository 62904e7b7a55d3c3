import type { Hex } from "viem";

import { listOffers } from "@compute-credits/api/allowances/acceptances";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { PageOptions } from "../http/pages.ts";

/** A page of accounts that signed allowances for a spender and wait for its acceptance. */
export type Offers = AnswerBody<typeof listOffers>;

/**
 * Reads a page of the accounts that offer a spender credits, by address. For the spender itself,
 * operators and auditors.
 */
export async function readOffers(
  api: Api,
  {
    spender,
    ...query
  }: {
    /** a wallet's address, or `apiKeySpender(key)` */
    readonly spender: Hex;
  } & PageOptions,
  options?: CallOptions,
): Promise<Offers> {
  return await api.call(listOffers, { params: { spender }, query }, options);
}
