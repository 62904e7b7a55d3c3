import { defineChain } from "viem";

/** The local chain, as viem wants it. `viem/chains` takes a quarter of a second to load. */
export const HARDHAT_CHAIN = defineChain({
  id: 31_337,
  name: "Hardhat",
  nativeCurrency: { decimals: 18, name: "Ether", symbol: "ETH" },
  rpcUrls: { default: { http: ["http://127.0.0.1:8545"] } },
});
