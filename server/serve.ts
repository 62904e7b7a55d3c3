import { createServer } from "node:http";

import type { Logger } from "pino";

import { type Probe, noProbe } from "@compute-credits/platform/chain/probe";
import { openDatabase, openReads } from "@compute-credits/platform/postgres/openDatabase";
import { WorkerHealth } from "@compute-credits/platform/process/health";
import { boundConnections } from "@compute-credits/platform/process/connectionBound";
import { close, listen } from "@compute-credits/platform/process/httpServer";
import { createApp } from "./app.ts";
import type { Config } from "./config.ts";
import { type Context, createContext } from "./context.ts";
import { openDashboard } from "./dashboard/openDashboard.ts";
import { serverHealth } from "./health.ts";
import { createPublicShare } from "./http/publicShare.ts";
import { openChain, openChainSource, reachChain } from "./openChain.ts";
import { publishRateCard, readRateCardFile } from "./rateCardFile.ts";
import { migrateLedger } from "./stores/migrateLedger.ts";
import { openLedgerWatch } from "./workers/position/openLedgerWatch.ts";
import { createChainHead } from "./workers/chain/chainHead.ts";
import { openWorkers } from "./workers/openWorkers.ts";
import { startWorkers } from "./workers/startWorkers.ts";

/** Idle connections outlive those of usual clients and proxies, which keep them for a minute. */
const TIMEOUTS = {
  keepAliveTimeout: 75_000,
  headersTimeout: 80_000,
  requestTimeout: 120_000,
  connectionsCheckingInterval: 5_000,
};

/** How long a stopping server waits for requests under way, before it cuts their connections. */
const STOP_WITHIN_MS = 10_000;

export interface RunningServer {
  readonly url: string;
  /** where the ledger is, without credentials */
  readonly database: string;
  readonly context: Context;
  /** Rejects if the server must not go on, because the chain's past changed under the ledger. */
  readonly failed: Promise<never>;
  /** Finishes the steps and requests under way, then stops. Waits for no request over 10 seconds. */
  stop(): Promise<void>;
}

/**
 * Starts a metering server. If it throws, it has stopped all that it started: each stop is
 * registered at once, and no worker starts before the last step that can fail.
 * `probe` is called at each step of settlement, where a test can stop the server.
 */
export async function serve(
  config: Config,
  log: Logger,
  probe: Probe = noProbe,
): Promise<RunningServer> {
  await using stack = new AsyncDisposableStack();
  const reached = await reachChain(config);
  const rateCard = await readRateCardFile(config.rateCardFile, config.limits);
  const database = await openDatabase(config.database, migrateLedger);
  stack.defer(() => database.close());
  const { chain, isReached, court, terms, origin } = await openChain(config, reached, {
    database,
    log,
  });
  const source = openChainSource(config, court, database);
  const publicShare = createPublicShare(config.publicShare);
  const { restMs } = publicShare;
  const reads = await openReads(config.database, database, { ...config.reads, restMs });
  stack.defer(() => reads.close());
  const dashboard = await openDashboard(config.dashboard);
  if (dashboard === null) {
    const { folder } = config.dashboard;
    log.info({ folder }, "the dashboard is not built: npm run dashboard, and start again");
  }
  const context = await createContext(config, chain, {
    database,
    reads,
    publicShare,
    terms,
    deploymentBlock: origin.number + 1n,
    dashboard,
    onLiveError: (err) => log.warn({ err }, "live updates wait for the database"),
  });
  if (!(await publishRateCard(context.rateCards, config.rateCardFile, rateCard))) {
    log.warn(
      { file: config.rateCardFile },
      "the rate card was replaced by a newer one, which applies",
    );
  }

  const watch = openLedgerWatch(config, context, { origin: origin.hash, log });
  await watch.check();

  const { promise: failed, reject: onReorg } = Promise.withResolvers<never>();
  // The log and /readyz report the failure too, so a caller may ignore it.
  failed.catch(() => undefined);
  const health = new WorkerHealth();
  const head = createChainHead(config.chainStallSeconds);
  const workers = await openWorkers(config, context, {
    source,
    isReached,
    origin: origin.hash,
    watch,
    head,
    health,
    log,
    probe,
    onReorg,
  });
  for (const worker of workers) health.add(worker.name, worker);

  const http = createServer(
    TIMEOUTS,
    createApp(context, serverHealth({ database, gate: context.gate, workers: health, head }), log),
  );
  boundConnections(http, {
    perAddress: config.connectionsPerAddress,
    isTrustedProxy: context.isTrustedProxy,
  });
  const url = await listen(http, { host: config.host, port: config.port, portSetting: "PORT" });
  context.callers.origins.listensAt(url);
  stack.defer(() => close(http, STOP_WITHIN_MS));
  // First, because the server waits for open answers.
  stack.defer(() => context.live.stop());
  const running = startWorkers(workers, { health, log });
  stack.defer(() => running.stop());

  const open = stack.move();
  return {
    url,
    database: database.description,
    context,
    failed,
    stop: () => open.disposeAsync(),
  };
}
