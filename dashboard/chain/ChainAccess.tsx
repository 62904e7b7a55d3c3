import { useMemo } from "react";
import type { PublicClient } from "viem";

import { useServer } from "../parts/ServerContext.tsx";
import { loadWallets, useWallets } from "../wallet/walletStore.ts";

/** How this browser reaches the chain itself, without the metering server in between. */
export interface ChainAccess {
  /** loaded when it is first asked for */
  readonly client: () => Promise<PublicClient>;
  /** shown, such as "your wallet" or the endpoint's host */
  readonly through: string;
}

/**
 * The connected wallet's provider if it is on the contract's chain, else the first listed endpoint.
 * `null` if the operator lists no endpoint and no wallet is connected.
 */
export function useChainAccess(): ChainAccess | null {
  const server = useServer();
  const { connected } = useWallets();
  const { chainId } = server.deployment;
  const wallet = connected?.chainId === chainId ? connected.uid : null;
  return useMemo(() => {
    if (wallet !== null) {
      const client = async () => await (await loadWallets(server)).reader();
      return { client, through: "your wallet" };
    }
    const [url] = server.rpcUrls;
    if (url === undefined) return null;
    const client = async () => (await import("./endpoint.ts")).endpointClient(url, chainId);
    return { client, through: new URL(url).host };
  }, [server, wallet, chainId]);
}
