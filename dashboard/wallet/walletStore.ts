import { useSyncExternalStore } from "react";

import type { ServerFacts } from "../queries/server.ts";
import type { WalletState, Wallets } from "./wallets.ts";

let state: WalletState = { offered: [], connected: null };
const listeners = new Set<() => void>();
let loading: Promise<Wallets> | null = null;

/** What is known of wallets: nothing, until `loadWallets`. */
export function useWallets(): WalletState {
  return useSyncExternalStore(subscribe, () => state);
}

/** Loads what speaks to wallets, once. Pages that need none do without: it is a third of all code. */
export async function loadWallets(server: ServerFacts): Promise<Wallets> {
  loading ??= start(server);
  return await loading;
}

async function start(server: ServerFacts): Promise<Wallets> {
  try {
    const { startWallets } = await import("./wallets.ts");
    return await startWallets(server, (changed) => {
      state = changed;
      for (const listener of listeners) listener();
    });
  } catch (error) {
    // Offline, say: the next one who needs it tries again.
    loading = null;
    throw error;
  }
}

/** Whether this browser connected a wallet before, as wagmi remembers it. */
export function hasConnectedBefore(): boolean {
  return localStorage.getItem("wagmi.recentConnectorId") !== null;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
