import type { ChainSource } from "@compute-credits/platform/chain/chainSource";
import type { ChainStore } from "@compute-credits/platform/chain/chainStore";
import { indexNextBlocks } from "@compute-credits/platform/chain/indexer";
import { ReorgBeyondConfirmations } from "@compute-credits/rules/chain/reorgBeyondConfirmations";
import type { ChainHead } from "./chainHead.ts";
import type { Worker } from "../worker.ts";

export interface IndexerDeps {
  readonly source: ChainSource;
  readonly chainStore: Pick<ChainStore, "cursor" | "recordIdle" | "apply">;
  readonly head: Pick<ChainHead, "saw">;
  readonly pollMs: number;
  /** The chain's past changed under the ledger: the server must stop. */
  readonly onReorg: (error: ReorgBeyondConfirmations) => void;
}

/** Takes the contract's events into the ledger, a range of blocks at a time. */
export function indexerWorker({ source, chainStore, head, pollMs, onReorg }: IndexerDeps): Worker {
  const watched = {
    ...chainStore,
    async cursor() {
      const cursor = await chainStore.cursor();
      head.saw(cursor.number);
      return cursor;
    },
  };
  return {
    name: "indexer",
    scope: "chain",
    pauseMs: pollMs,
    step: () => indexNextBlocks(source, watched),
    failure: "the next blocks could not be read; the indexer tries again",
    onError(error) {
      if (error instanceof ReorgBeyondConfirmations) onReorg(error);
    },
  };
}
