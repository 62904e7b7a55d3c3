import { readFileSync } from "node:fs";

import type { Hex } from "viem";
import type { z } from "zod";

import type { CallLimits } from "@compute-credits/platform/chain/boundedCalls";
import type { KeyLocation } from "@compute-credits/platform/chain/createSigner";
import type { RateLimits } from "./http/rates/rateBudgets.ts";
import type { IdempotencyRules } from "./stores/idempotency/postgresIdempotencyStore.ts";
import type { PublicLimits } from "./http/publicShare.ts";
import type { Limits } from "./limits.ts";
import type { Confirmations } from "@compute-credits/platform/chain/chainSource";
import type { DatabaseLocation, ReadPool } from "@compute-credits/platform/postgres/openDatabase";
import {
  describeIssue,
  unusable,
  withoutEmpty,
} from "@compute-credits/platform/process/environment";
import { Environment } from "./settings.ts";
import type { AttestationSettings } from "./attestation.ts";
import { readWebhookKeys } from "./webhookKeys.ts";

export interface Config {
  readonly rpcUrls: readonly string[];
  readonly contract: Hex;
  /** `null`: as the contract says */
  readonly deploymentBlock: bigint | null;
  /** the `CreditsLens` that wallets may read, if one is named */
  readonly lens: Hex | null;
  readonly database: DatabaseLocation;
  readonly reads: Omit<ReadPool, "restMs">;
  readonly publicShare: PublicLimits;
  /** bounds of the calls of the chain that requests cause */
  readonly chainCalls: CallLimits;
  readonly host: string;
  readonly port: number;
  /** from one IPv4 address or IPv6 /64 */
  readonly connectionsPerAddress: number;
  /** `null`: requests are not limited */
  readonly rateLimits: RateLimits | null;
  readonly idempotency: IdempotencyRules;
  /** addresses and networks */
  readonly trustedProxies: readonly string[];
  /** origins that wallets reach the server at; none: this machine only */
  readonly publicOrigins: readonly string[];
  /** origins of other pages that may call it with a session */
  readonly allowedOrigins: readonly string[];
  readonly sessionSeconds: number;
  readonly dashboard: DashboardConfig;
  readonly confirmations: Confirmations;
  readonly rpcTimeoutMs: number;
  readonly blocksPerRequest: bigint;
  readonly pollMs: number;
  /** 0: blocks may stay away for ever */
  readonly chainStallSeconds: number;
  readonly rateCardFile: string;
  readonly feeBps: bigint;
  readonly settlement: SettlementConfig | null;
  readonly purchases: PurchaseConfig;
  /** where each signer's key keeps what it signed, and the server how far its database was */
  readonly journalFolder: string;
  readonly refundAlarmSeconds: number | null;
  readonly signatureAlarmSeconds: number;
  /** status servers of auditors */
  readonly auditorUrls: readonly string[];
  readonly quoteKey: Hex | null;
  /** what signs attestation tokens; `null` if none is checked */
  readonly attestation: AttestationSettings | null;
  readonly webhooks: WebhookConfig;
  readonly limits: Limits;
  /** addresses that may read the usage log, besides the contract's signers */
  readonly auditors: readonly Hex[];
  /** addresses whose signature approves providers */
  readonly operators: readonly Hex[];
  /** accounts whose grants count without a word of the spender */
  readonly issuers: readonly Hex[];
  readonly logLevel: string;
}

export interface DashboardConfig {
  /** what `npm run dashboard` built */
  readonly folder: string;
  /** endpoints of the chain that its visitors' browsers ask */
  readonly rpcUrls: readonly string[];
  /** origins of pages that may frame it */
  readonly frames: readonly string[];
}

export interface WebhookConfig {
  /** what their secrets are encrypted with, the newest first; none: see `openWebhooks` */
  readonly keys: readonly Buffer[];
  /** networks that are not public and may be reached */
  readonly networks: readonly string[];
  /** endpoints of all owners together */
  readonly most: number;
  readonly keepSeconds: number;
}

/** Deposit addresses, and automatic top-ups. */
export interface PurchaseConfig {
  /** the `DepositAddresses` contract, if one is named */
  readonly depositAddresses: Hex | null;
  /** pays for sweeps */
  readonly sweeper: KeyLocation | null;
  readonly sweepWorthMicros: bigint;
  readonly maxDepositWatches: number;
  readonly keeper: KeyLocation | null;
  /** the least that one top-up buys */
  readonly topUpWorthMicros: bigint;
  readonly bumpAfterMs: number;
  /** wei */
  readonly maxFeePerGas: bigint;
}

export interface SettlementConfig {
  readonly signers: readonly KeyLocation[];
  /** pays the gas */
  readonly settler: KeyLocation;
  readonly intervalSeconds: number;
  readonly abandonAfterSeconds: number;
  readonly worthMicros: bigint | null;
  readonly recordWorthMicros: bigint;
  /** takes over spending that no cap covers any more; `null` if the operator named none */
  readonly writeOffAccount: Hex | null;
  readonly bumpAfterMs: number;
  /** wei */
  readonly maxFeePerGas: bigint;
}

/** Reads the configuration once. Throws a `ConfigError` that lists every mistake. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const { set, mistakes } = withKeyFiles(withoutEmpty(env));
  const parsed = Environment.safeParse(set);
  if (!parsed.success) mistakes.push(...parsed.error.issues.map(describeIssue));

  const hasSigners = SIGNER_NAMES.some((name) => set[name] !== undefined);
  const hasSettler = SETTLER_NAMES.some((name) => set[name] !== undefined);
  if (hasSigners !== hasSettler) {
    mistakes.push(
      "SIGNER_PRIVATE_KEYS and SETTLER_PRIVATE_KEY (or their files, or services) go together: set both to settle, or neither",
    );
  }
  for (const [service, keys] of [
    ["SIGNER_URL", "SIGNER_ADDRESSES"],
    ["SETTLER_URL", "SETTLER_ADDRESS"],
  ] as const) {
    if ((set[service] === undefined) !== (set[keys] === undefined)) {
      mistakes.push(`${service} and ${keys} go together: the service, and whose keys it has`);
    }
  }
  if (set["SWEEPER_PRIVATE_KEY"] !== undefined && set["DEPOSIT_ADDRESSES"] === undefined) {
    mistakes.push("SWEEPER_PRIVATE_KEY needs DEPOSIT_ADDRESSES: the contract that it sweeps with");
  }
  const walletNames = ["SETTLER_PRIVATE_KEY", "SWEEPER_PRIVATE_KEY", "KEEPER_PRIVATE_KEY"];
  const walletKeys = walletNames.flatMap((name) => set[name]?.trim().toLowerCase() ?? []);
  if (new Set(walletKeys).size < walletKeys.length) {
    mistakes.push(`${walletNames.join(", ")} must differ: each wallet sends on its own`);
  }
  const webhookKeys = readWebhookKeys(set["WEBHOOK_KEY_FILE"]);
  if ("mistake" in webhookKeys) mistakes.push(webhookKeys.mistake);
  if (!parsed.success || "mistake" in webhookKeys || mistakes.length > 0) {
    throw unusable("the configuration", mistakes);
  }

  const { data } = parsed;
  return {
    rpcUrls: data.RPC_URL,
    contract: data.CONTRACT_ADDRESS,
    deploymentBlock: data.DEPLOYMENT_BLOCK ?? null,
    lens: data.LENS_ADDRESS ?? null,
    database:
      data.DATABASE_URL === undefined
        ? { folder: data.DATA_FOLDER }
        : { url: data.DATABASE_URL, connections: data.DATABASE_CONNECTIONS },
    reads: {
      connections: data.READ_CONNECTIONS,
      timeoutMs: data.READ_TIMEOUT_MILLISECONDS,
      waiting: data.MAX_WAITING_READS,
    },
    publicShare: {
      percent: data.PUBLIC_SHARE_PERCENT,
      waiting: data.MAX_WAITING_PUBLIC_REQUESTS,
    },
    chainCalls: { open: data.MAX_CHAIN_CALLS, perSecond: data.MAX_CHAIN_CALLS_PER_SECOND },
    host: data.HOST,
    port: data.PORT,
    connectionsPerAddress: data.MAX_CONNECTIONS_PER_ADDRESS,
    rateLimits:
      data.RATE_LIMITS === "off"
        ? null
        : {
            providerPoints: data.RATE_LIMIT_PROVIDER_POINTS,
            credentialPoints: data.RATE_LIMIT_CREDENTIAL_POINTS,
            addressPoints: data.RATE_LIMIT_ADDRESS_POINTS,
            sensitiveRequests: data.RATE_LIMIT_SENSITIVE_REQUESTS,
          },
    idempotency: {
      keepSeconds: data.IDEMPOTENCY_KEEP_SECONDS,
      maxKeys: data.MAX_IDEMPOTENCY_KEYS,
    },
    trustedProxies: data.TRUSTED_PROXIES,
    publicOrigins: data.PUBLIC_URLS,
    allowedOrigins: data.ALLOWED_ORIGINS,
    sessionSeconds: data.SESSION_SECONDS,
    dashboard: {
      folder: data.DASHBOARD_FOLDER,
      rpcUrls: data.DASHBOARD_RPC_URLS,
      frames: data.DASHBOARD_FRAMES,
    },
    confirmations: data.CONFIRMATIONS,
    rpcTimeoutMs: data.RPC_TIMEOUT_MILLISECONDS,
    blocksPerRequest: BigInt(data.BLOCKS_PER_REQUEST),
    pollMs: data.POLL_MILLISECONDS,
    chainStallSeconds: data.CHAIN_STALL_SECONDS,
    rateCardFile: data.RATE_CARD_FILE,
    feeBps: BigInt(data.FEE_BPS),
    settlement: settlementOf(data),
    purchases: purchasesOf(data),
    journalFolder: data.SIGNING_JOURNAL_FOLDER,
    refundAlarmSeconds: data.REFUND_ALARM_SECONDS ?? null,
    signatureAlarmSeconds: data.SIGNATURE_ALARM_SECONDS,
    auditorUrls: data.AUDITOR_URLS,
    quoteKey: data.QUOTE_PRIVATE_KEY ?? null,
    attestation:
      data.ATTESTATION_JWKS === undefined
        ? null
        : { jwks: data.ATTESTATION_JWKS, issuer: data.ATTESTATION_ISSUER },
    webhooks: {
      keys: webhookKeys.keys,
      networks: data.WEBHOOK_NETWORKS,
      most: data.MAX_WEBHOOKS,
      keepSeconds: data.WEBHOOK_KEEP_SECONDS,
    },
    limits: {
      maxBatchEvents: data.MAX_BATCH_EVENTS,
      maxBodyBytes: data.MAX_BODY_BYTES,
      maxEventAgeSeconds: data.MAX_EVENT_AGE_SECONDS,
      maxEventAheadSeconds: data.MAX_EVENT_AHEAD_SECONDS,
      maxRatesPerCard: data.MAX_RATES_PER_CARD,
      maxTiersPerRate: data.MAX_TIERS_PER_RATE,
      rateCardNoticeSeconds: data.RATE_CARD_NOTICE_SECONDS,
      maxRateCardAheadSeconds: data.MAX_RATE_CARD_AHEAD_SECONDS,
      maxPendingRateCards: data.MAX_PENDING_RATE_CARDS,
      maxPriceMeasurements: data.MAX_PRICE_MEASUREMENTS,
      maxHoldSeconds: data.MAX_HOLD_SECONDS,
      maxOpenHolds: data.MAX_OPEN_HOLDS,
      maxQuoteSeconds: data.MAX_QUOTE_SECONDS,
      maxEventIdLength: data.MAX_EVENT_ID_LENGTH,
      maxDimensions: data.MAX_DIMENSIONS,
      maxDimensionValueLength: data.MAX_DIMENSION_VALUE_LENGTH,
      maxScopeNames: data.MAX_SCOPE_NAMES,
      maxGrantsPerRequest: data.MAX_GRANTS_PER_REQUEST,
      maxGrantsPerCampaign: data.MAX_GRANTS_PER_CAMPAIGN,
      maxAccountsPerSpender: data.MAX_ACCOUNTS_PER_SPENDER,
      maxAllowancesPerPair: data.MAX_ALLOWANCES_PER_PAIR,
      maxAllowancesPerAccount: data.MAX_ALLOWANCES_PER_ACCOUNT,
      maxOffersPerAccount: data.MAX_OFFERS_PER_ACCOUNT,
      maxOfferSeconds: data.MAX_OFFER_SECONDS,
    },
    auditors: data.AUDITORS,
    operators: data.OPERATORS,
    issuers: data.ISSUERS,
    logLevel: data.LOG_LEVEL,
  };
}

function purchasesOf(data: z.output<typeof Environment>): PurchaseConfig {
  const { SWEEPER_PRIVATE_KEY: sweeper, KEEPER_PRIVATE_KEY: keeper } = data;
  return {
    depositAddresses: data.DEPOSIT_ADDRESSES ?? null,
    sweeper: sweeper === undefined ? null : { privateKey: sweeper },
    sweepWorthMicros: data.SWEEP_WORTH_MICROS,
    maxDepositWatches: data.MAX_DEPOSIT_WATCHES,
    keeper: keeper === undefined ? null : { privateKey: keeper },
    topUpWorthMicros: data.TOP_UP_WORTH_MICROS,
    bumpAfterMs: data.BUMP_AFTER_MILLISECONDS,
    maxFeePerGas: BigInt(data.MAX_FEE_PER_GAS_GWEI) * 1_000_000_000n,
  };
}

const SIGNER_NAMES = ["SIGNER_PRIVATE_KEYS", "SIGNER_URL"];
const SETTLER_NAMES = ["SETTLER_PRIVATE_KEY", "SETTLER_URL"];

function settlementOf(data: z.output<typeof Environment>): SettlementConfig | null {
  const { SIGNER_URL: signerUrl, SETTLER_URL: settlerUrl, SETTLER_ADDRESS: settlerAddress } = data;
  const settler: KeyLocation | null =
    data.SETTLER_PRIVATE_KEY !== undefined
      ? { privateKey: data.SETTLER_PRIVATE_KEY }
      : settlerUrl !== undefined && settlerAddress !== undefined
        ? { url: settlerUrl, address: settlerAddress }
        : null;
  if (settler === null) return null;
  return {
    signers: [
      ...data.SIGNER_PRIVATE_KEYS.map((key) => ({ privateKey: key })),
      ...(signerUrl === undefined
        ? []
        : data.SIGNER_ADDRESSES.map((account) => ({ url: signerUrl, address: account }))),
    ],
    settler,
    intervalSeconds: data.SETTLE_INTERVAL_SECONDS,
    abandonAfterSeconds: data.ABANDON_AFTER_SECONDS,
    worthMicros: data.SETTLE_WORTH_MICROS ?? null,
    recordWorthMicros: data.RECORD_WORTH_MICROS,
    writeOffAccount: data.WRITE_OFF_ACCOUNT ?? null,
    bumpAfterMs: data.BUMP_AFTER_MILLISECONDS,
    maxFeePerGas: BigInt(data.MAX_FEE_PER_GAS_GWEI) * 1_000_000_000n,
  };
}

/** Reads keys from files, as secret stores provide them. A file has one key per line. */
function withKeyFiles(env: Readonly<Record<string, string | undefined>>) {
  const set = { ...env };
  const mistakes: string[] = [];
  for (const [file, name] of [
    ["SIGNER_KEY_FILE", "SIGNER_PRIVATE_KEYS"],
    ["SETTLER_KEY_FILE", "SETTLER_PRIVATE_KEY"],
  ] as const) {
    const path = env[file];
    if (path === undefined) continue;
    if (env[name] !== undefined) mistakes.push(`${file} and ${name} are both set: leave one out`);
    try {
      set[name] = readFileSync(path, "utf8").trim().split(/\s+/).join(",");
    } catch {
      mistakes.push(`${file} cannot be read: is ${path} there, and this user's to read?`);
    }
  }
  return { set, mistakes };
}
