import { type WalletClient, createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";

import { toCreditsError } from "@compute-credits/client/errors/chainError";
import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import { HARDHAT_CHAIN } from "../../local/hardhatChain.ts";
import { chainOf } from "./connectChain.ts";
import type { KeySource } from "./keySources.ts";

/**
 * Opens the wallet on the server's chain. Rejects for a test wallet on any chain but the local one,
 * and for an account that the node does not hold.
 */
export async function openWallet(
  source: KeySource,
  {
    chainId,
    rpc,
    server,
  }: { readonly chainId: number; readonly rpc: string; readonly server: string },
): Promise<WalletClient> {
  const chain = chainOf(chainId);
  const transport = http(rpc);
  if (source.kind !== "unlocked") {
    if (source.kind === "test" && chainId !== HARDHAT_CHAIN.id) {
      throw new UsageError(
        `--wallet ${source.name} is a test wallet of the local chain ${HARDHAT_CHAIN.id}, whose key everyone ` +
          `knows. The server at ${server} works on chain ${chainId}: give --key-file FILE.`,
      );
    }
    return createWalletClient({
      account: privateKeyToAccount(source.privateKey),
      chain,
      transport,
    });
  }
  const { address } = source;
  const wallet = createWalletClient({ account: address, chain, transport });
  const held = await wallet.getAddresses().catch((error: unknown) => {
    throw toCreditsError(error);
  });
  if (held.some((one) => one.toLowerCase() === address)) return wallet;
  throw new CreditsError(`The node at ${rpc} does not hold ${address} unlocked.`, {
    reason: "account_not_unlocked",
    next: `It holds ${held.length} accounts (eth_accounts): give one of them as --from, or --key-file FILE.`,
  });
}
