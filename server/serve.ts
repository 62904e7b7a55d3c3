import { createServer } from "node:http";

import type { Logger } from "pino";

import { migrateLedger } from "./stores/migrateLedger.ts";
import { indexerLoop, expiryLoop } from "./workers/startWorkers.ts";
import { createSigner } from "@compute-credits/platform/chain/createSigner";
import { watchLoop } from "./workers/watchLoop.ts";
import { listen, close } from "@compute-credits/platform/process/httpServer";
import { createRpcChainSource } from "@compute-credits/platform/chain/rpcChainSource";
import { createChainReader } from "@compute-credits/platform/chain/viemChainReader";
import { createVaultReader } from "@compute-credits/platform/chain/viemVaultReader";
import { createAccountStore } from "./stores/accounts/postgresAccountStore.ts";
import { createAllowanceStore } from "./stores/allowances/postgresAllowanceStore.ts";
import { createChainStore } from "./stores/chain/postgresChainStore.ts";
import { createCheckpointStore } from "./stores/checkpoints/postgresCheckpointStore.ts";
import { createCheckpointData } from "./stores/checkpoints/postgresCheckpointData.ts";
import { claimDatabase } from "./stores/chain/claimDatabase.ts";
import { openDatabase } from "@compute-credits/platform/postgres/openDatabase";
import { createMultiplierStore } from "./stores/pricing/postgresMultiplierStore.ts";
import { createGrantStore } from "./stores/allowances/postgresGrantStore.ts";
import { createPriceStore } from "./stores/pricing/postgresPriceStore.ts";
import { createPriceReader } from "./stores/pricing/priceReader.ts";
import { createHoldStore } from "./stores/holds/postgresHoldStore.ts";
import { createInsightStore } from "./stores/insight/postgresInsightStore.ts";
import { createReceiptRecords } from "./stores/checkpoints/postgresReceiptRecords.ts";
import { createProviderStore } from "./stores/providers/postgresProviderStore.ts";
import { createRateIndexCache } from "./stores/pricing/rateIndexCache.ts";
import { createRateCardStore } from "./stores/pricing/postgresRateCardStore.ts";
import { createDisputeStore } from "./stores/settlement/postgresDisputeStore.ts";
import { createTransactionStore } from "./stores/settlement/postgresTransactionStore.ts";
import { createSubmissionStore } from "./stores/settlement/postgresSubmissionStore.ts";
import { createReportStore } from "./stores/insight/postgresReportStore.ts";
import { createUsageLog } from "./stores/feed/postgresUsageLog.ts";
import { createUsageLedger } from "./stores/usage/postgresUsageLedger.ts";
import { withGroupCommit } from "./stores/usage/groupCommit.ts";
import { createQuoteStore } from "./stores/pricing/signedQuotes.ts";
import { createReceiptStore } from "./stores/checkpoints/signedReceipts.ts";
import { createApp } from "./app.ts";
import type { Config } from "./config.ts";
import { ConfigError } from "@compute-credits/platform/process/environment";
import type { ChainReader, Terms } from "@compute-credits/platform/chain/chainReader";
import type { Database } from "@compute-credits/platform/postgres/database";
import { type Probe, noProbe } from "@compute-credits/platform/chain/probe";
import { readRateCardFile } from "./rateCardFile.ts";
import type { Context } from "./context.ts";
import { publicationProblem } from "./routes/pricing/publicationProblem.ts";
import { leadershipOf, settlerLoop } from "./workers/settlement/openSettler.ts";
import { type Health, WorkerHealth } from "@compute-credits/platform/process/health";

export interface RunningServer {
  readonly url: string;
  readonly database: string;
  readonly context: Context;
  /** Rejects where the server must not go on: the chain's past changed under it. */
  readonly failed: Promise<never>;
  /** Ends what is under way, then stops. */
  stop(): Promise<void>;
}

/**
 * Starts a metering server. Throws, with nothing left running, where it cannot do its work. `probe` is told of each step of
 * settlement.
 */
export async function serve(
  config: Config,
  log: Logger,
  probe: Probe = noProbe,
): Promise<RunningServer> {
  const stack = new AsyncDisposableStack();
  try {
    const chain = await createChainReader(config.rpcUrls, config.contract, config.rpcTimeoutMs);
    const source = createRpcChainSource(config.rpcUrls, [config.contract, await chain.court()], {
      ...config,
      timeoutMs: config.rpcTimeoutMs,
    });
    const rateCard = await readRateCardFile(config.rateCardFile, config.limits);
    const database = await openDatabase(config.database, migrateLedger);
    stack.defer(() => database.close());
    await claimDatabase(database, chain.deployment, await chain.origin());

    const context = await createContext(config, chain, database);
    const published = await context.rateCards.publish({ provider: null, ...rateCard });
    if (published.published === "refused") {
      const why = publicationProblem(published.refusal).detail;
      throw new ConfigError(`RATE_CARD_FILE ${config.rateCardFile}: ${why}`);
    }

    const workers = new WorkerHealth(
      config.settlement === null ? ["indexer", "expiry"] : ["indexer", "expiry", "settler"],
    );
    const http = createServer(createApp(context, healthOf(database, workers), log));
    const port = await listen(http, config);
    stack.defer(() => close(http));

    const { promise: failed, reject: fail } = Promise.withResolvers<never>();
    // Nobody may be listening: what failed is in the log and in /readyz all the same.
    failed.catch(() => undefined);

    const loops = [
      indexerLoop(config, source, context, { workers, log, fail }),
      expiryLoop(context, { workers, log }),
    ];
    const settling = { config, context, workers, log };
    loops.push(watchLoop(settling));
    if (config.settlement !== null) {
      loops.push(await settlerLoop(config.settlement, leadershipOf(config), settling, probe));
    }
    for (const loop of loops) stack.defer(() => loop.stop());

    return {
      url: `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${port}`,
      database: database.description,
      context,
      failed,
      stop: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function createContext(
  config: Config,
  chain: ChainReader,
  database: Database,
): Promise<Context> {
  const terms = await chain.terms();
  if (config.feeBps > terms.maxFeeBps) {
    throw new ConfigError(
      `FEE_BPS ${config.feeBps} exceeds the contract's maximum of ${terms.maxFeeBps}`,
    );
  }
  const rates = createRateIndexCache();
  const prices = createPriceReader(rates);
  const limits = {
    ...config.limits,
    maxHoldSeconds: Math.min(config.limits.maxHoldSeconds, longestHold(config, terms)),
  };
  const rules = { feeBps: config.feeBps, ...limits };
  const allowances = createAllowanceStore(database);
  const priceStore = createPriceStore(database, rates);
  return {
    limits,
    feeBps: config.feeBps,
    terms,
    chain,
    chainStore: createChainStore(database),
    accounts: createAccountStore(database),
    allowances,
    grants: createGrantStore(database, limits),
    providers: createProviderStore(database),
    rateCards: createRateCardStore(database, limits),
    prices: priceStore,
    multipliers: createMultiplierStore(database, rates),
    usage: withGroupCommit(createUsageLedger(database, rules, prices)),
    holds: createHoldStore(database, rules, prices),
    quotes:
      config.quoteKey === null
        ? null
        : createQuoteStore(chain.deployment, config.quoteKey, {
            prices: priceStore,
            now: () => allowances.now(),
          }),
    receipts:
      config.settlement === null
        ? null
        : createReceiptStore(
            chain.deployment,
            createReceiptRecords(database),
            config.settlement.signers.map(createSigner),
          ),
    checkpoints: createCheckpointStore(database),
    checkpointData: createCheckpointData(database),
    submissions: createSubmissionStore(database),
    disputes: createDisputeStore(database),
    transactions: createTransactionStore(database),
    insight: createInsightStore(database),
    reports: createReportStore(database),
    usageLog: createUsageLog(database),
    auditors: config.auditors,
    vault: createVaultReader(config.rpcUrls, chain.deployment, config),
  };
}

/**
 * What was held under an allowance that its owner then ended on chain is charged to it, and the checkpoint that shows so
 * must be submitted within the counter's grace: after one that is in dispute, and after the settler's pause.
 */
function longestHold(
  { settlement }: Config,
  { counterGraceSeconds, disputeWindowSeconds, answerWindowSeconds }: Terms,
): number {
  const pause = settlement?.intervalSeconds ?? 0;
  return Math.max(1, counterGraceSeconds - disputeWindowSeconds - answerWindowSeconds - pause);
}

function healthOf(database: Database, workers: WorkerHealth): Health {
  return {
    async checks() {
      const error = await database.query("select 1").then(
        () => null,
        () => "does not answer",
      );
      return [{ name: "database", error }, ...workers.list()];
    },
  };
}
