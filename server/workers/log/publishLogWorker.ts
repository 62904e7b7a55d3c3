import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { LogHeadSigner } from "@compute-credits/platform/chain/signer";
import type { LogSegmentStore } from "../../stores/feed/logSegmentStore.ts";
import type { Worker } from "../worker.ts";

export interface PublishLogDeps {
  readonly segments: LogSegmentStore;
  readonly chain: Pick<ChainReader, "deployment">;
  /** sign the heads; empty on a server without signers' keys */
  readonly signers: readonly LogHeadSigner[];
}

/** What a copy elsewhere may lack if the database is lost. */
const PAUSE_MS = 5_000;

/** Publishes the log in pieces of a few seconds, and signs the newest head. */
export function publishLogWorker({ segments, chain, signers }: PublishLogDeps): Worker {
  return {
    name: "log",
    pauseMs: PAUSE_MS,
    async step() {
      await segments.publish();
      const newest = await segments.newest();
      if (newest === null) return "done";
      const signed = new Set(newest.signatures.map(({ signer }) => signer));
      for (const signer of signers) {
        if (signed.has(signer.address)) continue;
        const { number: segment, head } = newest;
        // oxlint-disable-next-line no-await-in-loop -- a handful of keys
        const signature = await signer.signLogHead(chain.deployment, { segment, head });
        // oxlint-disable-next-line no-await-in-loop
        await segments.addSignature(segment, { signer: signer.address, signature });
      }
      return "done";
    },
    failure: "the log could not be published; the worker tries again",
  };
}
