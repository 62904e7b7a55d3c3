import { createContext, use } from "react";
import type { PublicClient } from "viem";

/** How this browser reaches the chain itself, without the metering server in between. */
export interface ChainAccess {
  readonly client: PublicClient;
  /** shown, such as "your wallet" or the endpoint's host */
  readonly through: string;
}

export const ChainAccessContext = createContext<ChainAccess | null>(null);

/** `null` if the operator lists no endpoint and no wallet is connected. */
export function useChainAccess(): ChainAccess | null {
  return use(ChainAccessContext);
}
