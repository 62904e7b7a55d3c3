import type { Address } from "viem";

import { listTopUpPolicies } from "@compute-credits/api/topups/topUps";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** The server's keeper, and an account's policies. */
export type TopUpPolicies = AnswerBody<typeof listTopUpPolicies>;

/** Reads an account's top-up policies. For its owner, its view keys, operators and auditors. */
export async function readTopUpPolicies(
  api: Api,
  { account }: { readonly account: Address },
  options?: CallOptions,
): Promise<TopUpPolicies> {
  return await api.call(listTopUpPolicies, { params: { address: account } }, options);
}
