import type { WalletClient } from "viem";

import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { useServer } from "../parts/ServerContext.tsx";
import { useAccount } from "./useSession.ts";
import { loadWallets } from "./walletStore.ts";

/**
 * Returns what gives the wallet of the account that is signed in, on the contract's chain. It rejects
 * if another wallet is connected, or none.
 */
export function useSigner(): () => Promise<WalletClient> {
  const server = useServer();
  const account = useAccount();
  return async () => {
    if (!account) throw new CreditsError("Nobody is signed in.", { reason: "wallet_failed" });
    return await (await loadWallets(server)).signerOf(account);
  };
}
