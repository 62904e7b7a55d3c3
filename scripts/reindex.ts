/** `npm run reindex`: finds events of the chain that a ledger missed, and records them. */
import { InvalidRpcAnswer } from "@compute-credits/platform/chain/checkedLogs";
import { readBlockPoint } from "@compute-credits/platform/chain/readBlockPoint";
import { FolderInUse } from "@compute-credits/platform/postgres/folderLock";
import { LOCKING_WORKER_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import { readOptions, run, UsageError } from "@compute-credits/platform/process/commandLine";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { type Config, readConfig } from "../server/config.ts";
import { createChainStore } from "../server/stores/chain/postgresChainStore.ts";
import { endFilling, fillHistory, readHistoryStart } from "../server/stores/chain/chainHistory.ts";
import { repairEvents } from "../server/stores/chain/repairEvents.ts";
import { explainChainError } from "./explainChainError.ts";
import { describeEvent } from "./reindex/describeEvent.ts";
import { eventsOfRange } from "./reindex/eventsOfRange.ts";
import { openChainSource } from "../server/openChain.ts";
import { blockOption } from "./blockOption.ts";
import { openOperatorLedger } from "./operatorLedger.ts";

const HELP = `npm run reindex -- --from BLOCK [--to BLOCK]

Reads the chain's events again and records what the ledger missed, by the same rules as the server.
Changes nothing if nothing is missing, so it can be run again. Reads the server's environment. On
PostgreSQL, servers may run meanwhile. The embedded database has one user: stop its server first.

  --from BLOCK   the first block to read; the deployment's block reads everything
  --to BLOCK     the last one (by default the newest block that the ledger has read)
  --help         this text

Each event that was missing is one line. docs/chain-repair.md says when to run it.`;

await run(async () => {
  const { values } = readOptions({
    options: {
      from: { type: "string", default: "" },
      to: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const from = blockOption("--from", values.from);
  const to = values.to === undefined ? null : blockOption("--to", values.to);
  if (to !== null && to < from) throw new UsageError(`--to ${to} is before --from ${from}.`);
  await reindex(readConfig(process.env), { from, to });
}, explain);

function explain(error: unknown): string | null {
  if (error instanceof ConfigError || error instanceof FolderInUse) return error.message;
  if (error instanceof InvalidRpcAnswer || error instanceof AggregateError) {
    return `RPC_URL gives no usable answer (${error.message}): name another endpoint.`;
  }
  return explainChainError(error, { rpc: "RPC_URL", option: "that setting" });
}

async function reindex(
  config: Config,
  asked: { readonly from: bigint; readonly to: bigint | null },
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const { rpcUrls, rpcTimeoutMs } = config;
  const limits = LOCKING_WORKER_LIMITS;
  const { chain, database, origin } = await openOperatorLedger(config, limits, stack);

  const cursor = await createChainStore(database).cursor();
  const { hash } = await readBlockPoint(rpcUrls, cursor.number, rpcTimeoutMs);
  if (hash !== cursor.hash) {
    throw new UsageError(
      `The ledger has read block ${cursor.number} as ${cursor.hash}, and RPC_URL has it as ` +
        `${hash}: the endpoint follows another chain. Name another endpoint.`,
    );
  }
  const from = asked.from > origin.number ? asked.from : origin.number + 1n;
  const to = asked.to === null || asked.to > cursor.number ? cursor.number : asked.to;
  if (from > to) {
    throw new UsageError(`The ledger has read the chain up to block ${to}: --from is after it.`);
  }

  const before = await readBlockPoint(rpcUrls, from - 1n, rpcTimeoutMs);
  const source = openChainSource(config, await chain.court(), database);
  const start = await readHistoryStart(database);
  const fills = start !== null && from === origin.number + 1n && to >= start.block;
  let [read, missing, added] = [0, 0, 0];
  for await (const { events } of eventsOfRange(source, before, to)) {
    const repaired = await repairEvents(database, events);
    for (const event of repaired) console.log(`was missing, is recorded: ${describeEvent(event)}`);
    // oxlint-disable-next-line no-await-in-loop -- after the repair of the same blocks
    added += await fillHistory(database, events);
    read += events.length;
    missing += repaired.length;
  }
  console.log(`Blocks ${from} to ${to} have ${read} events; ${missing} of them were missing.`);
  if (added > 0) console.log(`${added} settlements were added to the history of statements.`);
  if (start === null) return;
  if (!fills) {
    console.log(
      `The history of settlements is whole from block ${start.block + 1n} only: read all blocks ` +
        "(--from 0) to make statements and reports of earlier days possible.",
    );
    return;
  }
  await endFilling(database);
  console.log("The history of settlements is whole now: reports can speak of any day.");
}
