import type { Logger } from "pino";
import { type Hex, createPublicClient } from "viem";

import type { ChainSource } from "@compute-credits/platform/chain/chainSource";
import { createSigner } from "@compute-credits/platform/chain/createSigner";
import { createKeeperChain, noKeeperProbe } from "@compute-credits/platform/chain/keeperChain";
import { type Probe, noProbe } from "@compute-credits/platform/chain/probe";
import { createTransactionSender } from "@compute-credits/platform/chain/transactionSender";
import { rpcTransport } from "@compute-credits/platform/chain/viemChainReader";
import { ADVISORY_LOCK } from "@compute-credits/platform/postgres/advisoryLocks";
import type { Leadership } from "@compute-credits/platform/postgres/leadership";
import type { DatabaseLocation } from "@compute-credits/platform/postgres/openDatabase";
import { createPgLeadership } from "@compute-credits/platform/postgres/pgLeadership";
import { soleLeadership } from "@compute-credits/platform/postgres/soleLeadership";
import type { WorkerHealth } from "@compute-credits/platform/process/health";
import type { Config, SettlementConfig } from "../config.ts";
import type { Context } from "../context.ts";
import { offerWorker } from "./allowances/offerWorker.ts";
import type { ChainHead } from "./chain/chainHead.ts";
import { indexerWorker } from "./chain/indexerWorker.ts";
import { payoutWorker } from "./chain/payoutWorker.ts";
import { reconcileWorker } from "./chain/reconcileWorker.ts";
import { sweepWorker } from "./deposits/sweepWorker.ts";
import { expiryWorker } from "./holds/expiryWorker.ts";
import { publishLogWorker } from "./log/publishLogWorker.ts";
import { forgetWorker } from "./requests/forgetWorker.ts";
import { rollUpWorker } from "./rollups/rollUpWorker.ts";
import type { MeteringGate } from "../meteringGate.ts";
import { callersWorker } from "./sessions/callersWorker.ts";
import type { LedgerWatch } from "./position/ledgerWatch.ts";
import { watchLedgerWorker } from "./position/watchLedgerWorker.ts";
import { watchAuditors } from "./settlement/auditorAlarms.ts";
import { cosigningWorker } from "./settlement/cosigningWorker.ts";
import { openSettler } from "./settlement/openSettler.ts";
import type { Settler } from "./settlement/settler.ts";
import { settlerWorker } from "./settlement/settlerWorker.ts";
import { watchWorker } from "./settlement/watchWorker.ts";
import { keeperWorker } from "./topUps/keeperWorker.ts";
import type { Worker } from "./worker.ts";
import { deliveryWorker } from "./webhooks/deliveryWorker.ts";
import { noticeWorker } from "./webhooks/noticeWorker.ts";
import { upkeepWorker } from "./webhooks/upkeepWorker.ts";

export interface OpenWorkersOptions {
  readonly source: ChainSource;
  /** false if no endpoint of the chain answers yet */
  readonly isReached: boolean;
  /** the hash of the block before the deployment */
  readonly origin: Hex;
  readonly watch: LedgerWatch;
  readonly head: ChainHead;
  readonly health: WorkerHealth;
  readonly log: Logger;
  readonly probe: Probe;
  readonly onReorg: (error: Error) => void;
}

/**
 * Wires every worker of a server and starts none, so that what throws here leaves nothing running.
 * Throws a `ConfigError` if the contract does not know a signer's key. While no endpoint answers,
 * the settler's worker tells that instead.
 */
export async function openWorkers(
  config: Config,
  context: Context,
  { source, isReached, origin, watch, head, health, log, probe, onReorg }: OpenWorkersOptions,
): Promise<readonly Worker[]> {
  const { allowances, limits } = context;
  const { chainStore, holds, disputes, writeOffs, terms, payouts, vault, rollUps } = context;
  const { deploymentBlock } = context;
  const { pollMs, blocksPerRequest } = config;
  const { settlement } = config;
  let settler: Settler | null = null;
  async function openedSettler(keys: SettlementConfig): Promise<Settler> {
    settler ??= await settlerOf(keys, config, context, { origin, log, probe });
    return settler;
  }
  if (settlement !== null && isReached) await openedSettler(settlement);
  const writers = [
    ...purchaseWorkers(config, context, log),
    indexerWorker({ source, chainStore, head, pollMs, onReorg }),
    payoutWorker({ chainStore, payouts, vault, deploymentBlock, blocksPerRequest, pollMs }),
    expiryWorker({ holds }),
    offerWorker({ allowances, maxOfferSeconds: limits.maxOfferSeconds }),
    callersWorker(context.callers),
    rollUpWorker({ rollUps, health, log }),
    forgetWorker({ idempotency: context.idempotency, rateLimits: context.rateLimits }),
    publishLogWorker({
      segments: context.logSegments,
      chain: context.chain,
      signers: (config.settlement?.signers ?? []).map(createSigner),
    }),
    ...(settlement === null
      ? []
      : [
          settlerWorker({
            settler: () => openedSettler(settlement),
            leadership: leadershipOf(config.database),
            pollMs,
            log,
          }),
        ]),
  ];
  return [
    watchLedgerWorker(watch),
    cosigningWorker({
      chain: context.chain,
      submissions: context.submissions,
      ownSigners: (settlement?.signers ?? []).map((key) => createSigner(key).address),
      alarmSeconds: config.signatureAlarmSeconds,
      auditors: watchAuditors(config.auditorUrls),
      health,
      log,
    }),
    reconcileWorker({
      chainStore,
      reports: context.reports,
      vault,
      payouts,
      blocksPerRequest,
      creditMicrosPerToken: terms.creditMicrosPerToken,
      deploymentBlock,
      health,
      log,
    }),
    ...writers.map((worker) => whileMetering(context.gate, worker)),
    // Not while metering only: alarms must go out, and a delivery that is repeated has the same id.
    ...webhookWorkers(config, context, { health, log }),
    watchWorker({
      chainStore,
      disputes,
      writeOffs,
      counterGraceSeconds: terms.counterGraceSeconds,
      refundWindowSeconds: terms.refundWindowSeconds,
      answerWindowSeconds: terms.answerWindowSeconds,
      refundAlarmSeconds: config.refundAlarmSeconds ?? terms.refundWindowSeconds / 2,
      unanswered: () => settler?.unanswered() ?? [],
      uncovered: () => settler?.uncovered() ?? [],
      headroom: () => settler?.headroom() ?? null,
      pollMs,
      health,
      log,
    }),
  ];
}

/** The sweeper and the keeper, if they have keys. Each has a wallet and a leader of its own. */
function purchaseWorkers(
  { rpcUrls, purchases, pollMs, database }: Config,
  { deposits, topUps, transactions, chain, chainStore, insight }: Context,
  log: Logger,
): readonly Worker[] {
  const { sweeper, sweepWorthMicros, keeper, bumpAfterMs, maxFeePerGas } = purchases;
  const { deployment } = chain;
  const workers: Worker[] = [];
  if (sweeper !== null && deposits !== null) {
    const signer = createSigner(sweeper);
    const client = createPublicClient({ transport: rpcTransport(rpcUrls), cacheTime: 0 });
    const { chainId } = deployment;
    const options = { chainId, bumpAfterMs, maxFeePerGas, probe: noProbe };
    workers.push(
      sweepWorker(
        { leadership: leadershipOf(database, ADVISORY_LOCK.sweeper), pollMs },
        {
          chain: deposits.chain,
          watches: deposits.watches,
          send: createTransactionSender(client, signer, transactions, options),
          sweeper: signer.address,
          worthMicros: sweepWorthMicros,
          lookSeconds: Math.ceil(pollMs / 1_000),
        },
      ),
    );
  }
  if (keeper !== null) {
    const probe = noKeeperProbe;
    const signer = createSigner(keeper);
    workers.push(
      keeperWorker(
        { leadership: leadershipOf(database, ADVISORY_LOCK.keeper), pollMs },
        {
          chain: createKeeperChain({
            rpcUrls,
            deployment,
            signer,
            transactions,
            maxFeePerGas,
            probe,
          }),
          store: topUps,
          insight,
          chainStore,
          bumpAfterMs,
          lookSeconds: Math.ceil(pollMs / 1_000),
          log,
          probe,
        },
      ),
    );
  }
  return workers;
}

/** Without a key for the secrets there is nothing to send. */
function webhookWorkers(
  { webhooks: { keepSeconds } }: Config,
  { webhooks, insight, gate }: Context,
  { health, log }: Pick<OpenWorkersOptions, "health" | "log">,
): readonly Worker[] {
  const { deliveries, notices, sending } = webhooks;
  const upkeep = upkeepWorker({ deliveries, webhooks: sending?.store ?? null, keepSeconds });
  if (sending === null) return [upkeep];
  return [
    upkeep,
    deliveryWorker({ deliveries, sealer: sending.sealer, poster: sending.poster, log }),
    noticeWorker({ notices, insight, health, gate }),
  ];
}

/** Lets a worker rest while metering is stopped: an old ledger must not grow. */
function whileMetering(gate: Pick<MeteringGate, "stopped">, worker: Worker): Worker {
  return {
    ...worker,
    step: async () => (gate.stopped === null ? await worker.step() : "done"),
  };
}

async function settlerOf(
  settlement: SettlementConfig,
  { rpcUrls, journalFolder, auditorUrls }: Config,
  context: Context,
  { origin, log, probe }: Pick<OpenWorkersOptions, "origin" | "log" | "probe">,
): Promise<Settler> {
  return await openSettler(settlement, {
    rpcUrls,
    journalFolder,
    auditorUrls,
    origin,
    chain: context.chain,
    terms: context.terms,
    chainStore: context.chainStore,
    checkpoints: context.checkpoints,
    submissions: context.submissions,
    disputes: context.disputes,
    writeOffs: context.writeOffs,
    usage: context.usage,
    transactions: context.transactions,
    log,
    probe,
  });
}

/** Servers of one PostgreSQL elect a leader. The embedded database has one server, which leads. */
function leadershipOf(
  database: DatabaseLocation,
  lock: number = ADVISORY_LOCK.settler,
): Leadership {
  return "url" in database ? createPgLeadership(database.url, lock) : soleLeadership;
}
