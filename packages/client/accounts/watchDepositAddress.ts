import type { Address } from "viem";

import { watchDepositAddress as route } from "@compute-credits/api/deposits/deposits";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** Until when the server looks at the address, and how the last look ended. */
export type DepositWatch = AnswerBody<typeof route>;

/**
 * Has the server sweep what arrives at an account's deposit address. For its owner and operators.
 * Without it the tokens wait there, and anyone may call `sweepDeposit`.
 */
export async function watchDepositAddress(
  api: Api,
  { account }: { readonly account: Address },
  options?: CallOptions,
): Promise<DepositWatch> {
  return await api.call(route, { params: { address: account }, body: {} }, options);
}
