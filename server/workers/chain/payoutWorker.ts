import type { ChainStore } from "@compute-credits/platform/chain/chainStore";
import type { VaultReader } from "@compute-credits/platform/chain/vaultReader";
import { min } from "@compute-credits/protocol/amounts";
import type { DeferredPayoutStore } from "../../stores/chain/deferredPayoutStore.ts";
import type { Worker } from "../worker.ts";

export interface PayoutDeps {
  readonly chainStore: Pick<ChainStore, "cursor">;
  readonly payouts: DeferredPayoutStore;
  readonly vault: Pick<VaultReader, "deferredChange">;
  /** where the search begins */
  readonly deploymentBlock: bigint;
  /** of one search of the chain's log */
  readonly blocksPerRequest: bigint;
  readonly pollMs: number;
}

/**
 * Adds up deferred payouts up to the last indexed block, one range of blocks a step. So a report
 * has them without a search, and nothing that strangers do on chain starts one.
 */
export function payoutWorker(deps: PayoutDeps): Worker {
  return {
    name: "payouts",
    scope: "chain",
    pauseMs: deps.pollMs,
    step: () => addNextBlocks(deps),
    failure: "deferred payouts could not be read; the worker tries again",
  };
}

async function addNextBlocks({
  chainStore,
  payouts,
  vault,
  deploymentBlock,
  blocksPerRequest,
}: PayoutDeps): Promise<"done" | "more"> {
  const { number: indexed } = await chainStore.cursor();
  const known = await payouts.read();
  const from = known === null ? deploymentBlock : known.block + 1n;
  if (from > indexed) return "done";
  const to = min(from + blocksPerRequest - 1n, indexed);
  const change = await vault.deferredChange({ from, to });
  await payouts.advance(known, { block: to, tokens: (known?.tokens ?? 0n) + change });
  return to === indexed ? "done" : "more";
}
