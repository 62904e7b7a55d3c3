import { defineChain } from "viem";
import { type Config, createConfig, http, injected, unstable_connector } from "wagmi";

import { pollingMs } from "../chain/pollingMs.ts";
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
