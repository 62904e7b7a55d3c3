import type { Address, Hex } from "viem";

import { stopTopUpPolicy as route } from "@compute-credits/api/topups/topUps";
import type { Api, CallOptions } from "../http/api.ts";
import type { TopUpPolicy } from "./addTopUpPolicy.ts";

/**
 * Has the keeper stop a policy, for good. A top-up that is `open` in the answer may still buy once.
 * `revokeTopUp` ends the policy on chain.
 */
export async function stopTopUpPolicy(
  api: Api,
  { account, policy }: { readonly account: Address; readonly policy: Hex },
  options?: CallOptions,
): Promise<TopUpPolicy> {
  return await api.call(route, { params: { address: account, policy }, body: {} }, options);
}
