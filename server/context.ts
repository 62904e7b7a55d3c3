import type { Address } from "viem";

import { createCallBound } from "@compute-credits/platform/chain/boundedCalls";
import {
  type ChainForRequests,
  chainForRequests,
  vaultForRequests,
} from "@compute-credits/platform/chain/chainForRequests";
import type { ChainReader, Terms } from "@compute-credits/platform/chain/chainReader";
import type { ChainStore } from "@compute-credits/platform/chain/chainStore";
import { createSigner } from "@compute-credits/platform/chain/createSigner";
import type { TransactionStore } from "@compute-credits/platform/chain/transactionStore";
import type { VaultReader } from "@compute-credits/platform/chain/vaultReader";
import { createVaultReader } from "@compute-credits/platform/chain/viemVaultReader";
import type { Database } from "@compute-credits/platform/postgres/database";
import type { Reads } from "@compute-credits/platform/postgres/openDatabase";
import { WORKER_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import { withLimits } from "@compute-credits/platform/postgres/withLimits";
import { type AddressList, createAddressList } from "@compute-credits/platform/process/addressList";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { type AttestationHook, openAttestationHook } from "./attestation.ts";
import type { Config } from "./config.ts";
import type { Dashboard } from "./dashboard/openDashboard.ts";
import { type Webhooks, openWebhooks } from "./openWebhooks.ts";
import type { PublicShare } from "./http/publicShare.ts";
import type { RateBudgets } from "./http/rates/limitRates.ts";
import { createRateBudgets } from "./http/rates/rateBudgets.ts";
import { openDeposits } from "./openDeposits.ts";
import { type LiveHub, createLiveHub } from "./http/live/liveHub.ts";
import type { Limits } from "./limits.ts";
import { LOCAL_CHAIN_ID } from "./localChainId.ts";
import { type MeteringGate, createMeteringGate } from "./meteringGate.ts";
import { type Callers, openCallers } from "./openCallers.ts";
import { longestHoldSeconds } from "./windows.ts";
import type { ActStore } from "./stores/acts/actStore.ts";
import { createActStore } from "./stores/acts/postgresActStore.ts";
import type { AccountStore } from "./stores/accounts/accountStore.ts";
import { createAccountStore } from "./stores/accounts/postgresAccountStore.ts";
import type { AcceptanceStore } from "./stores/acceptances/acceptanceStore.ts";
import { createAcceptanceStore } from "./stores/acceptances/postgresAcceptanceStore.ts";
import type { AllowanceStore } from "./stores/allowances/allowanceStore.ts";
import type { GrantStore } from "./stores/allowances/grantStore.ts";
import { classifySignatures } from "./stores/allowances/classifySignatures.ts";
import { createAllowanceStore } from "./stores/allowances/postgresAllowanceStore.ts";
import type { CampaignRuleStore } from "./stores/issuing/campaignRuleStore.ts";
import { createCampaignRuleStore } from "./stores/issuing/postgresCampaignRuleStore.ts";
import { createGrantStore } from "./stores/allowances/postgresGrantStore.ts";
import { createChainStore } from "./stores/chain/postgresChainStore.ts";
import type { DepositChain } from "@compute-credits/platform/chain/depositChain";
import type { DepositWatchStore } from "./stores/deposits/depositWatchStore.ts";
import { createTopUpStore } from "./stores/topUps/postgresTopUpStore.ts";
import type { TopUpStore } from "./stores/topUps/topUpStore.ts";
import type { DeferredPayoutStore } from "./stores/chain/deferredPayoutStore.ts";
import { createDeferredPayoutStore } from "./stores/chain/postgresDeferredPayoutStore.ts";
import type { CheckpointData } from "./stores/checkpoints/checkpointData.ts";
import type { CheckpointReads, CheckpointStore } from "./stores/checkpoints/checkpointStore.ts";
import { createCheckpointData } from "./stores/checkpoints/postgresCheckpointData.ts";
import { createCheckpointStore } from "./stores/checkpoints/postgresCheckpointStore.ts";
import { createReceiptRecords } from "./stores/checkpoints/postgresReceiptRecords.ts";
import type { ReceiptRecords, ReceiptStore } from "./stores/checkpoints/receiptStore.ts";
import { createReceiptStore } from "./stores/checkpoints/signedReceipts.ts";
import type { LogSegmentStore } from "./stores/feed/logSegmentStore.ts";
import { createLogSegmentStore } from "./stores/feed/postgresLogSegmentStore.ts";
import { createUsageLog } from "./stores/feed/postgresUsageLog.ts";
import type { UsageLog } from "./stores/feed/usageLog.ts";
import type { HoldStore } from "./stores/holds/holdStore.ts";
import { createHoldStore } from "./stores/holds/postgresHoldStore.ts";
import type { IdempotencyStore } from "./stores/idempotency/idempotencyStore.ts";
import { createIdempotencyStore } from "./stores/idempotency/postgresIdempotencyStore.ts";
import type { InsightStore } from "./stores/insight/insightStore.ts";
import { createInsightStore } from "./stores/insight/postgresInsightStore.ts";
import type { EvidenceStore } from "./stores/evidence/evidenceStore.ts";
import { createEvidenceStore } from "./stores/evidence/postgresEvidenceStore.ts";
import type { MarketStore } from "./stores/market/marketStore.ts";
import { createMarketStore } from "./stores/market/postgresMarketStore.ts";
import { createProfileStore } from "./stores/market/postgresProfileStore.ts";
import type { ProfileStore } from "./stores/market/profileStore.ts";
import { createPastStore } from "./stores/insight/postgresPastStore.ts";
import { createReportStore } from "./stores/insight/postgresReportStore.ts";
import type { PastStore } from "./stores/insight/pastStore.ts";
import type { ReportStore } from "./stores/insight/reportStore.ts";
import { createStatementStore } from "./stores/insight/postgresStatementStore.ts";
import type { StatementStore } from "./stores/insight/statementStore.ts";
import type { IssuingKeyStore } from "./stores/issuing/issuingKeyStore.ts";
import {
  type AcknowledgedMemory,
  createAcknowledgedMemory,
  rememberDebits,
  rememberHolds,
} from "./stores/position/acknowledged.ts";
import type { PositionStore } from "./stores/position/positionStore.ts";
import { createPositionStore } from "./stores/position/postgresPositionStore.ts";
import { createIssuingKeyStore } from "./stores/issuing/postgresIssuingKeyStore.ts";
import { createLiveFeed } from "./stores/live/postgresLiveFeed.ts";
import type { MultiplierStore } from "./stores/pricing/multiplierStore.ts";
import { createMultiplierStore } from "./stores/pricing/postgresMultiplierStore.ts";
import { createPriceStore } from "./stores/pricing/postgresPriceStore.ts";
import { createRateCardStore } from "./stores/pricing/postgresRateCardStore.ts";
import { createPriceReader } from "./stores/pricing/priceReader.ts";
import type { PriceStore } from "./stores/pricing/priceStore.ts";
import type { QuoteStore } from "./stores/pricing/quoteStore.ts";
import type { RateCardStore } from "./stores/pricing/rateCardStore.ts";
import { createRateIndexCache } from "./stores/pricing/rateIndexCache.ts";
import { createQuoteStore } from "./stores/pricing/signedQuotes.ts";
import type { ApprovalPolicy, ApprovalStore } from "./stores/providers/approvalStore.ts";
import { createApprovalStore } from "./stores/providers/postgresApprovalStore.ts";
import { createProviderStore } from "./stores/providers/postgresProviderStore.ts";
import type { ProviderStore } from "./stores/providers/providerStore.ts";
import { type RateLimitStore, createRateLimitStore } from "./stores/rateLimits/rateLimitStore.ts";
import { createRollUpStore } from "./stores/rollups/postgresRollUpStore.ts";
import type { RollUpStore } from "./stores/rollups/rollUpStore.ts";
import type { DisputeStore } from "./stores/settlement/disputeStore.ts";
import { createDisputeStore } from "./stores/settlement/postgresDisputeStore.ts";
import { createSubmissionStore } from "./stores/settlement/postgresSubmissionStore.ts";
import { createTransactionStore } from "./stores/settlement/postgresTransactionStore.ts";
import { createWriteOffStore } from "./stores/settlement/postgresWriteOffStore.ts";
import type { SubmissionStore } from "./stores/settlement/submissionStore.ts";
import type { DutyStore } from "./stores/settlement/dutyStore.ts";
import { createDutyStore } from "./stores/settlement/postgresDutyStore.ts";
import type { WriteOffStore } from "./stores/settlement/writeOffStore.ts";
import { withGroupCommit } from "./stores/usage/groupCommit.ts";
import { createUsageLedger } from "./stores/usage/postgresUsageLedger.ts";
import { createSpendingCaches } from "./stores/usage/spendingCaches.ts";
import type { UsageLedger } from "./stores/usage/usageLedger.ts";
import { type UsagePreviews, createUsagePreviews } from "./stores/usage/usagePreviews.ts";

/**
 * Everything that routes and workers are wired with. Only the wiring reads it as a whole
 * (serve.ts, app.ts, workers/openWorkers.ts): each router and worker declares what it uses.
 */
export interface Context {
  /** whether this server may change the ledger */
  readonly gate: MeteringGate;
  readonly positions: PositionStore;
  /** what this server told clients was done */
  readonly acknowledged: AcknowledgedMemory;
  readonly limits: Limits;
  readonly feeBps: bigint;
  readonly lens: Address | null;
  /** `null` if the operator names no contract with deposit addresses */
  readonly deposits: {
    readonly chain: DepositChain;
    /** the same with the bounds of what requests may ask of the chain */
    readonly askedChain: Pick<DepositChain, "address" | "read">;
    readonly watches: DepositWatchStore;
    /** `null`: this server has no sweeper */
    readonly sweepsFromMicros: bigint | null;
  } | null;
  readonly topUps: TopUpStore;
  /** the address that top-up policies name; `null`: this server has no keeper */
  readonly keeper: Address | null;
  /** the least that one top-up buys */
  readonly topUpWorthMicros: bigint;
  readonly terms: Terms;
  readonly chain: ChainReader;
  /** the same chain with the bounds of what requests may ask of it */
  readonly askedChain: ChainForRequests;
  readonly chainStore: ChainStore;
  readonly accounts: AccountStore;
  readonly allowances: AllowanceStore;
  readonly grants: GrantStore;
  readonly campaignRules: CampaignRuleStore;
  readonly issuingKeys: IssuingKeyStore;
  readonly acceptances: AcceptanceStore;
  readonly providers: ProviderStore;
  readonly rateCards: RateCardStore;
  readonly prices: PriceStore;
  readonly multipliers: MultiplierStore;
  readonly profiles: ProfileStore;
  readonly evidence: EvidenceStore;
  /** `null` if this server checks no attestation tokens */
  readonly attestation: AttestationHook | null;
  readonly market: MarketStore;
  readonly usage: UsageLedger;
  readonly previews: UsagePreviews;
  readonly holds: HoldStore;
  /** `null` if this server has no key to sign quotes with */
  readonly quotes: QuoteStore | null;
  readonly checkpoints: CheckpointStore;
  /** the same checkpoints, for requests, which never wait for the settler's connections */
  readonly published: CheckpointReads;
  readonly checkpointData: CheckpointData;
  readonly submissions: SubmissionStore;
  /** `null` if this server has no signer's key */
  readonly receipts: ReceiptStore | null;
  readonly receiptRecords: ReceiptRecords;
  readonly disputes: DisputeStore;
  /** the same disputes, for requests */
  readonly askedDisputes: DisputeStore;
  /** what is due, for requests */
  readonly duties: DutyStore;
  readonly writeOffs: WriteOffStore;
  readonly transactions: TransactionStore;
  readonly insight: InsightStore;
  readonly reports: ReportStore;
  readonly past: PastStore;
  readonly statements: StatementStore;
  readonly vault: VaultReader;
  /** the same vault with the bounds of what requests may ask of it */
  readonly askedVault: VaultReader;
  readonly payouts: DeferredPayoutStore;
  readonly rollUps: RollUpStore;
  /** the chain's own number of the block with the contract's deployment */
  readonly deploymentBlock: bigint;
  readonly blocksPerRequest: bigint;
  readonly usageLog: UsageLog;
  readonly logSegments: LogSegmentStore;
  /** addresses that may read the usage log, besides the contract's signers */
  readonly auditors: readonly Address[];
  readonly publicShare: PublicShare;
  /** `null` if the operator switched rate limits off */
  readonly rateBudgets: RateBudgets | null;
  readonly rateLimits: RateLimitStore;
  readonly idempotency: IdempotencyStore;
  readonly acts: ActStore;
  readonly isTrustedProxy: AddressList;
  readonly approvals: ApprovalStore;
  /** addresses whose signature approves providers */
  readonly operators: readonly Address[];
  /** what tells who sends a request */
  readonly callers: Callers;
  readonly webhooks: Webhooks;
  /** streams of live updates */
  readonly live: LiveHub;
  /** `null` if it is not built */
  readonly dashboard: Dashboard | null;
}

/** Opens every store on the database. Throws a `ConfigError` if the fee exceeds the contract's. */
export async function createContext(
  config: Config,
  chain: ChainReader,
  {
    database,
    reads,
    publicShare,
    terms,
    deploymentBlock,
    dashboard,
    onLiveError,
  }: {
    readonly database: Database;
    readonly reads: Reads;
    readonly publicShare: PublicShare;
    readonly terms: Terms;
    readonly deploymentBlock: bigint;
    readonly dashboard: Dashboard | null;
    /** for what reads for live updates throw; they go on */
    readonly onLiveError: (error: unknown) => void;
  },
): Promise<Context> {
  const { feeBps } = config;
  if (feeBps > terms.maxFeeBps) {
    throw new ConfigError(
      `FEE_BPS ${feeBps} exceeds the contract's maximum of ${terms.maxFeeBps}: lower it`,
    );
  }
  const patient = withLimits(database, WORKER_LIMITS);
  await classifySignatures(patient);
  const limits = limitsUnder(terms, config);
  const approvalPolicy = policyOf(chain, config);
  const { maxEventAgeSeconds, maxEventAheadSeconds, maxOpenHolds } = limits;
  const vault = createVaultReader(config.rpcUrls, chain.deployment);
  const callBound = createCallBound(config.chainCalls);
  const rates = createRateIndexCache();
  const priceReader = createPriceReader(rates);
  const prices = createPriceStore(database, rates);
  const allowances = createAllowanceStore(database, limits, reads.bounded);
  const usageRules = { feeBps, maxEventAgeSeconds, maxEventAheadSeconds };
  const caches = createSpendingCaches();
  const ledger = createUsageLedger(database, usageRules, priceReader, caches);
  const acknowledged = createAcknowledgedMemory();
  const receiptRecords = createReceiptRecords(database);
  const askedChain = chainForRequests(chain, callBound);
  const providers = createProviderStore(database, approvalPolicy);
  const issuingKeys = createIssuingKeyStore(database);
  const callers = openCallers(config, {
    database,
    reads: reads.bounded,
    chain: askedChain,
    providers,
    issuingKeys,
  });
  return {
    callers,
    webhooks: openWebhooks(config, { database, chainId: chain.deployment.chainId }),
    gate: createMeteringGate(),
    positions: createPositionStore(database),
    acknowledged,
    limits,
    feeBps,
    lens: config.lens,
    deposits: openDeposits(config, { database, chain, callBound }),
    topUps: createTopUpStore(database),
    topUpWorthMicros: config.purchases.topUpWorthMicros,
    keeper: config.purchases.keeper === null ? null : createSigner(config.purchases.keeper).address,
    terms,
    chain,
    chainStore: createChainStore(database),
    accounts: createAccountStore(reads.bounded),
    allowances,
    grants: createGrantStore(
      database,
      { ...limits, isIssuer: (account) => config.issuers.includes(account) },
      { reads: reads.bounded, inBulkTurn: reads.inBulkTurn },
    ),
    campaignRules: createCampaignRuleStore(database, limits),
    issuingKeys,
    acceptances: createAcceptanceStore(database, limits, reads.bounded),
    approvals: createApprovalStore(database, approvalPolicy),
    operators: config.operators,
    providers,
    rateCards: createRateCardStore(database, limits, reads.bounded),
    prices,
    multipliers: createMultiplierStore(database, rates),
    evidence: createEvidenceStore(database, reads.bounded),
    attestation: config.attestation === null ? null : await openAttestationHook(config.attestation),
    profiles: createProfileStore(database, approvalPolicy, reads.bounded),
    market: createMarketStore(reads.bounded, { policy: approvalPolicy }),
    usage: rememberDebits(withGroupCommit(ledger), acknowledged),
    previews: createUsagePreviews(reads.bounded, usageRules, priceReader),
    holds: rememberHolds(
      createHoldStore(database, { feeBps, maxOpenHolds }, priceReader, caches),
      acknowledged,
    ),
    quotes:
      config.quoteKey === null
        ? null
        : createQuoteStore(chain.deployment, config.quoteKey, {
            prices,
            now: () => allowances.now(),
          }),
    receipts:
      config.settlement === null
        ? null
        : createReceiptStore(
            chain.deployment,
            receiptRecords,
            config.settlement.signers.map(createSigner),
          ),
    receiptRecords,
    checkpoints: createCheckpointStore(database),
    published: createCheckpointStore(reads.bounded),
    checkpointData: createCheckpointData(reads.patient),
    submissions: createSubmissionStore(database),
    disputes: createDisputeStore(database),
    askedDisputes: createDisputeStore(reads.bounded),
    duties: createDutyStore(reads.bounded),
    writeOffs: createWriteOffStore(database),
    transactions: createTransactionStore(database),
    insight: createInsightStore(reads.bounded),
    reports: createReportStore(reads.heavy),
    past: createPastStore(reads.heavy),
    statements: createStatementStore(reads.heavy),
    usageLog: createUsageLog(database),
    logSegments: createLogSegmentStore(database),
    auditors: config.auditors,
    publicShare,
    rateBudgets: config.rateLimits === null ? null : createRateBudgets(database, config.rateLimits),
    rateLimits: createRateLimitStore(database),
    idempotency: createIdempotencyStore(database, config.idempotency),
    acts: createActStore(database),
    isTrustedProxy: createAddressList(config.trustedProxies),
    vault,
    askedVault: vaultForRequests(vault, callBound),
    askedChain,
    payouts: createDeferredPayoutStore(database),
    rollUps: createRollUpStore(patient),
    deploymentBlock,
    dashboard,
    blocksPerRequest: config.blocksPerRequest,
    live: createLiveHub(createLiveFeed(database, reads.bounded), { onError: onLiveError }),
  };
}

/** Only a chain that a developer's machine has for itself approves without an operator. */
function policyOf({ deployment }: ChainReader, { operators }: Config): ApprovalPolicy {
  return deployment.chainId === LOCAL_CHAIN_ID && operators.length === 0 ? "automatic" : "signed";
}

/** The configured limits, with holds no longer than the contract's windows allow. */
function limitsUnder(terms: Terms, { limits, settlement, refundAlarmSeconds }: Config): Limits {
  const maxHoldSeconds = longestHoldSeconds(terms, {
    maxHoldSeconds: limits.maxHoldSeconds,
    settlePauseSeconds: settlement?.intervalSeconds ?? 0,
    refundAlarmSeconds,
  });
  return { ...limits, maxHoldSeconds };
}
