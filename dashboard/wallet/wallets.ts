import {
  type Address,
  type PublicClient,
  type WalletClient,
  createPublicClient,
  custom,
} from "viem";
import {
  connect,
  disconnect,
  getConnection,
  getWalletClient,
  reconnect,
  switchChain,
  watchConnection,
  watchConnectors,
} from "wagmi/actions";

import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { pollingMs } from "../chain/pollingMs.ts";
import type { ServerFacts } from "../queries/server.ts";
import { createWagmiConfig } from "./wagmiConfig.ts";

/** A wallet that this browser has, and that a visitor may connect. */
export interface OfferedWallet {
  readonly uid: string;
  readonly name: string;
}

export interface ConnectedWallet extends OfferedWallet {
  /** such as `io.example.wallet`: the wallet's own */
  readonly id: string;
  readonly address: Address;
  readonly chainId: number;
}

export interface WalletState {
  readonly offered: readonly OfferedWallet[];
  readonly connected: ConnectedWallet | null;
}

/** What speaks to the wallets of this browser. */
export interface Wallets {
  /** Connects one of the offered wallets. */
  connect(uid: string): Promise<WalletClient>;
  /** The connected wallet, on the contract's chain. Rejects unless it has this account. */
  signerOf(account: Address): Promise<WalletClient>;
  /** Reads the chain through the connected wallet's provider. */
  reader(): Promise<PublicClient>;
  disconnect(): Promise<void>;
}

export async function startWallets(
  server: ServerFacts,
  onChange: (state: WalletState) => void,
): Promise<Wallets> {
  const { chainId } = server.deployment;
  // Before wagmi starts, so that it connects again to the one that was connected.
  await announceTestWallets(server);
  const config = createWagmiConfig(server);

  const tell = () => {
    const { status, connector, address, chainId: current } = getConnection(config);
    onChange({
      offered: config.connectors.map(({ uid, name }) => ({ uid, name })),
      // While it connects again, wagmi has a connector that can do nothing yet.
      connected:
        status === "connected"
          ? {
              uid: connector.uid,
              id: connector.id,
              name: connector.name,
              address: lowercaseHex(address),
              chainId: current,
            }
          : null,
    });
  };
  watchConnection(config, { onChange: tell });
  watchConnectors(config, { onChange: tell });
  tell();
  const isReconnected = reconnect(config);

  return {
    async connect(uid) {
      await isReconnected;
      const connector = config.connectors.find((each) => each.uid === uid);
      if (connector === undefined) throw notConnected();
      if (getConnection(config).connector?.uid !== uid)
        await connect(config, { connector, chainId });
      return await getWalletClient(config, { connector, chainId });
    },

    async signerOf(account) {
      await isReconnected;
      const { connector, address, chainId: current } = getConnection(config);
      if (connector === undefined || address?.toLowerCase() !== account) throw notConnected();
      if (current !== chainId) await switchChain(config, { chainId, connector });
      return await getWalletClient(config, { connector, chainId });
    },

    async reader() {
      const provider: unknown = await getConnection(config).connector?.getProvider();
      if (!isProvider(provider)) throw notConnected();
      return createPublicClient({
        transport: custom(provider),
        pollingInterval: pollingMs(chainId),
      });
    },

    disconnect: () => disconnect(config),
  };
}

function notConnected(): CreditsError {
  return new CreditsError("The connected wallet is not the one that signed in.", {
    reason: "wallet_failed",
    next: "Sign out, and sign in with the wallet of this account.",
  });
}

async function announceTestWallets({ deployment, rpcUrls }: ServerFacts): Promise<void> {
  const [rpcUrl] = rpcUrls;
  if (!HAS_TEST_WALLETS || rpcUrl === undefined) return;
  const test = await import("./testWallets.ts");
  test.announceTestWallets({ chainId: deployment.chainId, rpcUrl });
}

interface Provider {
  request(args: { method: string; params?: unknown }): Promise<unknown>;
}

function isProvider(value: unknown): value is Provider {
  return typeof value === "object" && value !== null && "request" in value;
}
