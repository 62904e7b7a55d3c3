import type { Address } from "viem";

import { getDepositAddress } from "@compute-credits/api/deposits/deposits";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** Where to send tokens for an account, what has arrived, and whether the server sweeps it. */
export type DepositAddress = AnswerBody<typeof getDepositAddress>;

/**
 * Reads an account's deposit address. For its owner, its view keys, operators and auditors. The
 * address itself is no secret: `depositAddressOf` computes it without a server.
 */
export async function readDepositAddress(
  api: Api,
  { account }: { readonly account: Address },
  options?: CallOptions,
): Promise<DepositAddress> {
  return await api.call(getDepositAddress, { params: { address: account } }, options);
}
