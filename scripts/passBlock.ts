/** `npm run pass:block`: lets the indexer read one block although its bloom filter is wrong. */
import type { Hex } from "viem";

import { readBlockPoint } from "@compute-credits/platform/chain/readBlockPoint";
import { FolderInUse } from "@compute-credits/platform/postgres/folderLock";
import { LOCKING_WORKER_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import { readOptions, run, UsageError } from "@compute-credits/platform/process/commandLine";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { type Config, readConfig } from "../server/config.ts";
import { listPassedBlocks, passBlock } from "../server/stores/chain/passedBlocks.ts";
import { explainChainError } from "./explainChainError.ts";
import { blockOption } from "./blockOption.ts";
import { openOperatorLedger } from "./operatorLedger.ts";

const HELP = `npm run pass:block -- --block NUMBER --hash 0x…

Orders that the indexer reads this one block although its bloom filter denies its logs. All other
checks stay: the logs must fit the block's receipts, and a second request. The order is kept in the
ledger and written into its log. Reads the server's environment; PostgreSQL's servers may run.

  --block NUMBER   the block at which the indexer stops, as the server's log says
  --hash 0x…       its hash; compare it with endpoints of your own and a block explorer
  --help           this text

Without options it lists the orders. docs/chain-repair.md says when to give one.`;

await run(
  async () => {
    const { values } = readOptions({
      options: {
        block: { type: "string" },
        hash: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      return;
    }
    const { block, hash } = values;
    const order = block === undefined && hash === undefined ? null : orderOf(block, hash);
    await pass(readConfig(process.env), order);
  },
  (error) =>
    error instanceof ConfigError || error instanceof FolderInUse
      ? error.message
      : explainChainError(error, { rpc: "RPC_URL", option: "that setting" }),
);

interface Order {
  readonly number: bigint;
  readonly hash: Hex;
}

function orderOf(block = "", hash = ""): Order {
  const number = blockOption("--block", block);
  if (!/^0x[0-9a-fA-F]{64}$/.test(hash)) {
    throw new UsageError(`--hash is the block's hash, 0x and 64 hex digits, not "${hash}".`);
  }
  return { number, hash: lowercaseHex(hash) };
}

async function pass(config: Config, order: Order | null): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const { rpcUrls, rpcTimeoutMs } = config;
  const { database } = await openOperatorLedger(config, LOCKING_WORKER_LIMITS, stack);

  if (order === null) {
    const orders = await listPassedBlocks(database);
    if (orders.length === 0) console.log("No block may be passed.");
    for (const { number, hash, orderedAt } of orders) {
      console.log(`block ${number}, ${hash}: ordered ${orderedAt.toISOString()}`);
    }
    return;
  }
  const { number, hash } = order;
  const onChain = await readBlockPoint(rpcUrls, number, rpcTimeoutMs);
  if (onChain.hash !== hash) {
    throw new UsageError(`RPC_URL has block ${number} with the hash ${onChain.hash}, not ${hash}.`);
  }
  const result = await passBlock(database, order);
  if (result === "already_read") {
    throw new UsageError(`The ledger has read block ${number} already: nothing is in its way.`);
  }
  console.log(
    result === "known"
      ? `Block ${number} may be passed already.`
      : `Block ${number} may be passed: servers read it with their next poll.`,
  );
}
