import { defineChain } from "viem";
import { type Config, createConfig, http, injected, unstable_connector } from "wagmi";

import type { ServerFacts } from "../queries/server.ts";

/** wagmi, for the wallets that announce themselves (EIP-6963), on the contract's chain alone. */
export function createWagmiConfig({ deployment, rpcUrls }: ServerFacts): Config {
  const chain = defineChain({
    id: deployment.chainId,
    name: `Chain ${deployment.chainId}`,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: rpcUrls } },
  });
  const [url] = rpcUrls;
  return createConfig({
    chains: [chain],
    transports: { [chain.id]: url === undefined ? unstable_connector(injected) : http(url) },
    pollingInterval: pollingMs(chain.id),
  });
}

/** The local chain has a block at once. */
export function pollingMs(chainId: number): number {
  return chainId === 31_337 ? 250 : 4_000;
}
