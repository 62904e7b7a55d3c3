import type { Address } from "viem";

import { getAccount } from "@compute-credits/api/accounts/accounts";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** What an account has now, in micro-credits, and what the chain has settled. */
export type Balance = AnswerBody<typeof getAccount>;

/**
 * Reads an account's balance now. For its owner, its view keys, a provider of that address,
 * operators and auditors. An account that never bought has zeros.
 */
export async function readBalance(
  api: Api,
  { account }: { readonly account: Address },
  options?: CallOptions,
): Promise<Balance> {
  return await api.call(getAccount, { params: { address: account } }, options);
}
