import { createServer } from "node:http";

import type { Logger } from "pino";

import { migrateLedger } from "./stores/migrateLedger.ts";
import { indexerLoop, expiryLoop } from "./workers/startWorkers.ts";
import { signerAt } from "@compute-credits/platform/chain/signerAt";
import { watchLoop } from "./workers/watchLoop.ts";
import { listen, close } from "@compute-credits/platform/process/httpServer";
import { rpcChainSource } from "@compute-credits/platform/chain/rpcChainSource";
import { openChainReader } from "@compute-credits/platform/chain/viemChainReader";
import { openVaultReader } from "@compute-credits/platform/chain/viemVaultReader";
import { postgresAccountStore } from "./stores/accounts/postgresAccountStore.ts";
import { postgresAllowanceStore } from "./stores/allowances/postgresAllowanceStore.ts";
import { postgresChainStore } from "./stores/chain/postgresChainStore.ts";
import { postgresCheckpointStore } from "./stores/checkpoints/postgresCheckpointStore.ts";
import { postgresCheckpointData } from "./stores/checkpoints/postgresCheckpointData.ts";
import { claimDatabase } from "./stores/chain/claimDatabase.ts";
import { openDatabase } from "@compute-credits/platform/postgres/openDatabase";
import { postgresMultiplierStore } from "./stores/pricing/postgresMultiplierStore.ts";
import { postgresGrantStore } from "./stores/allowances/postgresGrantStore.ts";
import { postgresPriceStore } from "./stores/pricing/postgresPriceStore.ts";
import { priceReader } from "./stores/pricing/priceReader.ts";
import { postgresHoldStore } from "./stores/holds/postgresHoldStore.ts";
import { postgresInsightStore } from "./stores/insight/postgresInsightStore.ts";
import { postgresReceiptRecords } from "./stores/checkpoints/postgresReceiptRecords.ts";
import { postgresProviderStore } from "./stores/providers/postgresProviderStore.ts";
import { rateIndexCache } from "./stores/pricing/rateIndexCache.ts";
import { postgresRateCardStore } from "./stores/pricing/postgresRateCardStore.ts";
import { postgresDisputeStore } from "./stores/settlement/postgresDisputeStore.ts";
import { postgresTransactionStore } from "./stores/settlement/postgresTransactionStore.ts";
import { postgresSubmissionStore } from "./stores/settlement/postgresSubmissionStore.ts";
import { postgresReportStore } from "./stores/insight/postgresReportStore.ts";
import { postgresUsageLog } from "./stores/feed/postgresUsageLog.ts";
import { postgresUsageLedger } from "./stores/usage/postgresUsageLedger.ts";
import { groupCommit } from "./stores/usage/groupCommit.ts";
import { signedQuotes } from "./stores/pricing/signedQuotes.ts";
import { signedReceipts } from "./stores/checkpoints/signedReceipts.ts";
import { createApp } from "./app.ts";
import type { Config } from "./config.ts";
import { ConfigError } from "@compute-credits/platform/process/environment";
import type { ChainReader, Terms } from "@compute-credits/platform/chain/chain";
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
    const chain = await openChainReader(config.rpcUrls, config.contract, config.rpcTimeoutMs);
    const source = rpcChainSource(config.rpcUrls, [config.contract, await chain.court()], {
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
  const rates = rateIndexCache();
  const prices = priceReader(rates);
  const limits = {
    ...config.limits,
    maxHoldSeconds: Math.min(config.limits.maxHoldSeconds, longestHold(config, terms)),
  };
  const rules = { feeBps: config.feeBps, ...limits };
  const allowances = postgresAllowanceStore(database);
  const priceStore = postgresPriceStore(database, rates);
  return {
    limits,
    feeBps: config.feeBps,
    terms,
    chain,
    chainStore: postgresChainStore(database),
    accounts: postgresAccountStore(database),
    allowances,
    grants: postgresGrantStore(database, limits),
    providers: postgresProviderStore(database),
    rateCards: postgresRateCardStore(database, limits),
    prices: priceStore,
    multipliers: postgresMultiplierStore(database, rates),
    usage: groupCommit(postgresUsageLedger(database, rules, prices)),
    holds: postgresHoldStore(database, rules, prices),
    quotes:
      config.quoteKey === null
        ? null
        : signedQuotes(chain.deployment, config.quoteKey, {
            prices: priceStore,
            now: () => allowances.now(),
          }),
    receipts:
      config.settlement === null
        ? null
        : signedReceipts(
            chain.deployment,
            postgresReceiptRecords(database),
            config.settlement.signers.map(signerAt),
          ),
    checkpoints: postgresCheckpointStore(database),
    checkpointData: postgresCheckpointData(database),
    submissions: postgresSubmissionStore(database),
    disputes: postgresDisputeStore(database),
    transactions: postgresTransactionStore(database),
    insight: postgresInsightStore(database),
    reports: postgresReportStore(database),
    usageLog: postgresUsageLog(database),
    auditors: config.auditors,
    vault: openVaultReader(config.rpcUrls, chain.deployment, config),
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
