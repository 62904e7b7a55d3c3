import { skipToken, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { createPublicClient, custom, http } from "viem";
import { useConnection } from "wagmi";

import type { ServerFacts } from "../queries/server.ts";
import { pollingMs } from "../wallet/wagmiConfig.ts";
import type { ChainAccess } from "./ChainAccess.tsx";

/** The connected wallet's provider if it is on the contract's chain, else the first listed endpoint. */
export function useWalletAccess({ deployment, rpcUrls }: ServerFacts): ChainAccess | null {
  const { connector, chainId } = useConnection();
  const isUsable = connector !== undefined && chainId === deployment.chainId;
  const pollingInterval = pollingMs(deployment.chainId);
  const { data } = useQuery({
    queryKey: ["access", "wallet", isUsable ? connector.uid : null],
    staleTime: Infinity,
    // A client is no data that can be compared.
    structuralSharing: false,
    queryFn: isUsable
      ? async (): Promise<ChainAccess | null> => {
          const provider: unknown = await connector.getProvider();
          if (!isProvider(provider)) return null;
          const client = createPublicClient({ transport: custom(provider), pollingInterval });
          return { client, through: "your wallet" };
        }
      : skipToken,
  });
  const endpoint = useMemo((): ChainAccess | null => {
    const [url] = rpcUrls;
    if (url === undefined) return null;
    const client = createPublicClient({ transport: http(url), pollingInterval });
    return { client, through: new URL(url).host };
  }, [rpcUrls, pollingInterval]);
  return (isUsable ? data : null) ?? endpoint;
}

interface Provider {
  request(args: { method: string; params?: unknown }): Promise<unknown>;
}

function isProvider(value: unknown): value is Provider {
  return typeof value === "object" && value !== null && "request" in value;
}
