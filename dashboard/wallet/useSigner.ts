import type { WalletClient } from "viem";
import { useConfig } from "wagmi";
import { getConnection, getWalletClient, switchChain } from "wagmi/actions";

import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { useServer } from "../parts/ServerContext.tsx";
import { useAccount } from "./useSession.ts";

/**
 * Returns what gives the wallet of the account that is signed in, on the contract's chain. It rejects
 * if another wallet is connected, or none.
 */
export function useSigner(): () => Promise<WalletClient> {
  const config = useConfig();
  const { chainId } = useServer().deployment;
  const account = useAccount();
  return async () => {
    const { connector, address, chainId: current } = getConnection(config);
    if (connector === undefined || address?.toLowerCase() !== account) {
      throw new CreditsError("The connected wallet is not the one that signed in.", {
        reason: "wallet_failed",
        next: "Sign out, and sign in with the wallet of this account.",
      });
    }
    if (current !== chainId) await switchChain(config, { chainId, connector });
    return await getWalletClient(config, { connector, chainId });
  };
}
