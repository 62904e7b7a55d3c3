import { type PublicClient, createPublicClient, http } from "viem";

import { pollingMs } from "./pollingMs.ts";

/** Asks an endpoint of the chain that the operator lists. */
export function endpointClient(url: string, chainId: number): PublicClient {
  return createPublicClient({ transport: http(url), pollingInterval: pollingMs(chainId) });
}
