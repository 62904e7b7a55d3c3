import { type Chain, type Hex, createPublicClient, createWalletClient, defineChain } from "viem";
import { privateKeyToAccount } from "viem/accounts";

import { computeCreditsAbi } from "../../../protocol/abi/computeCredits.ts";
import type { Deployment } from "../../../protocol/domain.ts";
import type { ChainWriter, TransactionResult } from "../../ports/chain.ts";
import { rpcTransport } from "./viemChainReader.ts";

/** Sends the settler's transactions from the wallet of `privateKey`, which needs the chain's own coin for gas. */
export function openChainWriter(
  rpcUrls: readonly string[],
  { chainId, contract }: Deployment,
  privateKey: Hex,
): ChainWriter {
  const transport = rpcTransport(rpcUrls);
  const chain = unnamedChain(chainId, rpcUrls);
  const wallet = createWalletClient({ account: privateKeyToAccount(privateKey), chain, transport });
  const client = createPublicClient({ chain, transport, cacheTime: 0 });
  const at = { address: contract, abi: computeCreditsAbi } as const;

  async function mined(hash: Hex): Promise<TransactionResult> {
    const receipt = await client.waitForTransactionReceipt({ hash, pollingInterval: 250 });
    if (receipt.status !== "success") throw new Error(`the transaction ${hash} was reverted`);
    return { transactionHash: hash, gasUsed: receipt.gasUsed };
  }

  return {
    submitCheckpoint: async (message, signatures) =>
      mined(
        await wallet.writeContract({
          ...at,
          functionName: "submitCheckpoint",
          args: [message, [...signatures]],
        }),
      ),
    settleMany: async (rows) =>
      mined(
        await wallet.writeContract({
          ...at,
          functionName: "settleMany",
          args: [rows.map(({ row }) => row), rows.map(({ proof }) => [...proof])],
        }),
      ),
  };
}

/** viem wants a name and a currency of every chain; only the id goes into a transaction. */
function unnamedChain(id: number, rpcUrls: readonly string[]): Chain {
  return defineChain({
    id,
    name: `chain ${id}`,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [...rpcUrls] } },
  });
}
