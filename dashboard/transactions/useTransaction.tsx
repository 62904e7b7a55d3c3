import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import type { Address, Hex, TransactionReceipt } from "viem";

import type { WalletConnection } from "@compute-credits/client/chain/transact";
import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { useChainAccess } from "../chain/ChainAccess.tsx";
import { useServer } from "../parts/ServerContext.tsx";
import { api } from "../queries/api.ts";
import { useReviewedSigner } from "../wallet/useReviewedSigner.tsx";
import { type Sent, type SentStore, sentStore } from "./sentStore.ts";
import type { Stage, Watcher } from "./watched.ts";

/** How far a transaction is. */
export interface Progress {
  /** `null` before the first */
  readonly stage: Stage | null;
  readonly hash: Hex | null;
  /** what the wallet sent before, at a lower fee */
  readonly replacedHash: Hex | null;
}

export interface Transaction {
  readonly progress: Progress;
  readonly error: Error | null;
  readonly isPending: boolean;
  /** shows what is about to be signed: render it */
  readonly dialog: ReactNode;
  /** Does it: `action` is an action of the SDK, and `words` say what its signature means. */
  readonly run: (action: Action, words?: readonly string[]) => void;
  /** Forgets what was done, to begin anew. */
  readonly reset: () => void;
  /** Looks again what became of a transaction; `null` if none is open. */
  readonly resume: (() => void) | null;
}

export type Action = (connection: WalletConnection) => Promise<TransactionReceipt>;

const NOTHING: Progress = { stage: null, hash: null, replacedHash: null };

/** After these nothing is open any more. */
const FINAL_REASONS = new Set(["transaction_reverted", "transaction_replaced"]);

/**
 * A transaction of the account that is signed in, from the wallet to the ledger: simulated, signed,
 * sent, replaced or failed, in a block, counted. One of each `what` may be open; it is found again
 * after a reload.
 */
export function useTransaction(what: string, account: Address): Transaction {
  const server = useServer();
  const access = useChainAccess();
  const queries = useQueryClient();
  const { signer, dialog } = useReviewedSigner();
  const [progress, setProgress] = useState(NOTHING);
  const store = sentStore(server.deployment, account, what);

  async function client() {
    if (access !== null) return await access.client();
    throw new CreditsError("This browser cannot reach the chain.", {
      reason: "chain_unreachable",
      next: "Connect a wallet that is on the contract's chain.",
    });
  }

  const doing = useMutation({
    mutationFn: async ({ action, words }: { action: Action; words: readonly string[] }) => {
      setProgress({ ...NOTHING, stage: "preparing" });
      const { watched } = await import("./watched.ts");
      const { contract } = server.deployment;
      const connection = { wallet: await signer(words), client: await client(), contract };
      await count(await action(watched(connection, watcherOf(store, setProgress))));
    },
    onError: (error) => forgetIfFinal(store, error),
    onSettled: () => queries.invalidateQueries({ queryKey: ["own", account] }),
  });

  const resuming = useMutation({
    mutationFn: async (sent: Sent) => {
      const { hash, isApproval } = sent;
      setProgress({ ...NOTHING, hash, stage: isApproval ? "approval_sent" : "sent" });
      const { findAgain } = await import("./findAgain.ts");
      const found = findAgain(await client(), account, sent, watcherOf(store, setProgress));
      const receipt = await found;
      if (isApproval) {
        store.forget();
        setProgress(NOTHING);
      } else {
        await count(receipt);
      }
    },
    onError: (error) => forgetIfFinal(store, error),
    onSettled: () => queries.invalidateQueries({ queryKey: ["own", account] }),
  });

  async function count({ blockNumber, transactionHash }: TransactionReceipt): Promise<void> {
    setProgress((known) => ({ ...known, stage: "in_block", hash: transactionHash }));
    const { waitForBlock } = await import("@compute-credits/client/accounts/waitForBlock");
    await waitForBlock(api, { account, blockNumber });
    store.forget();
    setProgress((known) => ({ ...known, stage: "counted" }));
  }

  const isPending = doing.isPending || resuming.isPending;
  const { mutate: resume } = resuming;
  const canRead = access !== null;
  useEffect(() => {
    const sent = sentStore(server.deployment, account, what).read();
    if (sent !== null && canRead) resume(sent);
    // Once, as soon as the chain can be read.
  }, [server.deployment, account, what, canRead, resume]);

  return {
    progress,
    error: doing.error ?? resuming.error,
    isPending,
    dialog,
    run: (action, words = []) => {
      resuming.reset();
      doing.mutate({ action, words });
    },
    reset: () => {
      doing.reset();
      resuming.reset();
      setProgress(NOTHING);
    },
    resume: openOf(store, isPending, (sent) => {
      doing.reset();
      resume(sent);
    }),
  };
}

function openOf(store: SentStore, isPending: boolean, resume: (sent: Sent) => void) {
  const sent = isPending ? null : store.read();
  return sent === null ? null : () => resume(sent);
}

function forgetIfFinal(store: SentStore, error: Error): void {
  if (error instanceof CreditsError && FINAL_REASONS.has(error.reason)) store.forget();
}

function watcherOf(
  store: SentStore,
  set: (change: (known: Progress) => Progress) => void,
): Watcher {
  return {
    onStage: (stage) => set((known) => ({ ...known, stage })),
    onSent: (hash, isApproval) => {
      store.keep({ hash, isApproval, nonce: null, at: Date.now() });
      set((known) => ({ ...known, hash, replacedHash: null }));
    },
    onNonce: (hash, nonce) => {
      const sent = store.read();
      if (sent?.hash === hash) store.keep({ ...sent, nonce });
    },
    onReplaced: (hash, reason) => {
      if (reason !== "repriced") return;
      const sent = store.read();
      if (sent !== null) store.keep({ ...sent, hash });
      set((known) => ({ ...known, hash, replacedHash: known.hash }));
    },
  };
}
