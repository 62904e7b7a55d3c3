import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { Hex } from "viem";
import { z } from "zod";

import { isAddressOrNetwork } from "@compute-credits/platform/process/addressList";
import type { CallLimits } from "@compute-credits/platform/chain/boundedCalls";
import type { KeyLocation } from "@compute-credits/platform/chain/createSigner";
import type { RateLimits } from "./http/rates/rateBudgets.ts";
import type { IdempotencyRules } from "./stores/idempotency/postgresIdempotencyStore.ts";
import type { PublicLimits } from "./http/publicShare.ts";
import type { Limits } from "./limits.ts";
import type { Confirmations } from "@compute-credits/platform/chain/chainSource";
import type { DatabaseLocation, ReadPool } from "@compute-credits/platform/postgres/openDatabase";
import { MAX_SCOPE_NAMES } from "@compute-credits/protocol/json/allowance";
import {
  MAX_EVENTS_PER_REQUEST,
  MAX_GRANTS_PER_REQUEST,
  MAX_MEASUREMENTS_PER_REQUEST,
  MAX_RATES,
} from "@compute-credits/api/bounds";
import {
  CHAIN_ENVIRONMENT,
  address,
  describeIssue,
  integer,
  list,
  privateKey,
  signingJournalFolder,
  unusable,
  url,
  withoutEmpty,
} from "@compute-credits/platform/process/environment";

const addresses = z
  .string()
  .optional()
  .transform((text) => list(text ?? ""))
  .pipe(z.array(address));

/** Origins: what comes before the path of a URL, as browsers write it. */
const origins = (what: string) =>
  z
    .string()
    .optional()
    .transform((text) => list(text ?? ""))
    .pipe(
      z.array(
        z.string().refine(isOrigin, `must be ${what} like https://meter.example, without a path`),
      ),
    )
    .transform((texts) => texts.map((text) => new URL(text).origin));

/** TLS, except on this machine: a session's cookie must not travel in the clear. */
function isOrigin(text: string): boolean {
  const parsed = URL.parse(text);
  if (parsed === null || text.endsWith("/") || parsed.href !== `${parsed.origin}/`) return false;
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(parsed.hostname);
  return parsed.protocol === "https:" || (parsed.protocol === "http:" && isLocal);
}

const DATABASE_AND_HTTP = {
  DATABASE_URL: url(/^postgres(ql)?$/, "a URL like postgres://user:password@host/database")
    .optional()
    .describe("PostgreSQL database; unset: the embedded one."),
  MAX_CONNECTIONS_PER_ADDRESS: integer(1, 100_000)
    .default(1_000)
    .describe("Open connections from one IPv4 address or IPv6 /64."),
  TRUSTED_PROXIES: z
    .string()
    .optional()
    .transform((text) => list(text ?? ""))
    .pipe(
      z.array(
        z.string().refine(isAddressOrNetwork, "must be addresses, or networks like 10.0.0.0/8"),
      ),
    )
    .describe("Proxies: exempt from that bound, and believed in `X-Forwarded-For`."),
  DATABASE_CONNECTIONS: integer(1, 1_000)
    .default(10)
    .describe("Connections of this server to PostgreSQL."),
  READ_CONNECTIONS: integer(1, 1_000)
    .default(4)
    .describe("Connections of this server for sums, lists and reports."),
  READ_TIMEOUT_MILLISECONDS: integer(100, 600_000)
    .default(10_000)
    .describe("Time of one such read, and of its wait."),
  MAX_WAITING_READS: integer(1, 100_000)
    .default(100)
    .describe("Reads that wait for a connection; more are refused."),
  MAX_CHAIN_CALLS: integer(1, 10_000)
    .default(32)
    .describe("Calls of the chain that requests have open."),
  MAX_CHAIN_CALLS_PER_SECOND: integer(1, 10_000)
    .default(20)
    .describe("Calls of the chain that requests cause in a second."),
  PUBLIC_SHARE_PERCENT: integer(1, 100)
    .default(15)
    .describe("Time for requests without a provider's key, while providers report."),
  MAX_WAITING_PUBLIC_REQUESTS: integer(1, 100_000)
    .default(1_000)
    .describe("Such requests that wait for their turn."),
  RATE_LIMITS: z
    .enum(["on", "off"])
    .default("on")
    .describe("Whether requests are limited by key, session and address."),
  RATE_LIMIT_PROVIDER_POINTS: integer(1, 1_000_000_000)
    .default(100_000)
    .describe("Points of a provider's key in 10 seconds."),
  RATE_LIMIT_CREDENTIAL_POINTS: integer(1, 1_000_000_000)
    .default(2_000)
    .describe("Points of any other key or session in 10 seconds."),
  RATE_LIMIT_ADDRESS_POINTS: integer(1, 1_000_000_000)
    .default(2_000)
    .describe("Points of an IPv4 address or IPv6 /64 in 10 seconds."),
  RATE_LIMIT_SENSITIVE_REQUESTS: integer(1, 1_000_000_000)
    .default(60)
    .describe("Sensitive requests of an address in a minute, on all servers."),
  IDEMPOTENCY_KEEP_SECONDS: integer(60, 31_536_000)
    .default(86_400)
    .describe("How long the answer to an `Idempotency-Key` is kept."),
  MAX_IDEMPOTENCY_KEYS: integer(1, 1_000_000)
    .default(10_000)
    .describe("Such keys of a provider's key, or of an address."),
  DATA_FOLDER: z
    .string()
    .min(1)
    .default(".data/server")
    .describe("Folder of the embedded database."),
  HOST: z.string().min(1).default("127.0.0.1").describe("Address that HTTP listens on."),
  PORT: integer(0, 65_535).default(8080).describe("Port that HTTP listens on; 0 takes any."),
  PUBLIC_URLS: origins("https URLs").describe(
    "Where wallets reach the server; unset: this machine only.",
  ),
  ALLOWED_ORIGINS: origins("https origins").describe(
    "Other pages that may call the server with a session.",
  ),
  SESSION_SECONDS: integer(60, 31_536_000).default(604_800).describe("Life of a session."),
  CHAIN_STALL_SECONDS: integer(0, 604_800)
    .default(900)
    .describe("Time without a new confirmed block until `/readyz/chain` fails; 0: never."),
  OPERATORS: addresses.describe("Addresses that approve providers, and read all."),
  AUDITORS: addresses.describe("Addresses that may read the log besides the contract's signers."),
  ISSUERS: addresses.describe("Accounts whose grants need no acceptance by their spenders."),
};

const PRICES = {
  RATE_CARD_FILE: z
    .string()
    .min(1)
    .default(fileURLToPath(new URL("../config/rate-card.json", import.meta.url)))
    .describe("The operator's rate card."),
  FEE_BPS: integer(0, 10_000)
    .default(0)
    .describe("Operator's part of each charge, in hundredths of a percent."),
  QUOTE_PRIVATE_KEY: privateKey
    .optional()
    .describe("Key that signs quotes; unset: none are offered."),
};

const SETTLEMENT = {
  SIGNER_PRIVATE_KEYS: z
    .string()
    .optional()
    .transform((text) => list(text ?? ""))
    .pipe(z.array(privateKey))
    .describe("The meter's signers' keys, separated by commas."),
  SIGNER_KEY_FILE: z.string().min(1).optional().describe("File that holds those keys instead."),
  SIGNER_URL: url(/^https?$/, "an http(s) URL")
    .optional()
    .describe("Signing service that holds those keys instead."),
  SIGNER_ADDRESSES: addresses.describe("Addresses of the keys that `SIGNER_URL` holds."),
  SIGNING_JOURNAL_FOLDER: signingJournalFolder,
  SETTLER_PRIVATE_KEY: privateKey
    .optional()
    .describe("Key of the wallet that pays the settler's gas."),
  SETTLER_KEY_FILE: z.string().min(1).optional().describe("File that holds that key instead."),
  SETTLER_URL: url(/^https?$/, "an http(s) URL")
    .optional()
    .describe("Signing service that holds that key instead."),
  SETTLER_ADDRESS: address.optional().describe("Address of the key that `SETTLER_URL` holds."),
  LENS_ADDRESS: address
    .optional()
    .describe("Address of the `CreditsLens`, which `GET /v1/deployment` names to wallets."),
  SETTLE_INTERVAL_SECONDS: integer(1, 604_800)
    .default(600)
    .describe("Least time between two cuts of a checkpoint."),
  ABANDON_AFTER_SECONDS: integer(0, 604_800)
    .default(3_600)
    .describe("Wait for co-signers before a new cut; 0: no end."),
  SETTLE_WORTH_MICROS: z
    .string()
    .regex(/^[1-9]\d{0,18}$/, "must be micro-credits, in digits")
    .meta({ bounds: "1 to 19 digits" })
    .transform(BigInt)
    .optional()
    .describe("Settles rows that move this much; unset: refunds only."),
  RECORD_WORTH_MICROS: z
    .string()
    .regex(/^[1-9]\d{0,18}$/, "must be micro-credits, in digits")
    .meta({ bounds: "1 to 19 digits" })
    .transform(BigInt)
    .default(500_000n)
    .describe("Records a contract wallet's cap that frees this much."),
  WRITE_OFF_ACCOUNT: address
    .optional()
    .describe("The operator's account for spending that no cap covers."),
  BUMP_AFTER_MILLISECONDS: integer(100, 3_600_000)
    .default(60_000)
    .describe("Wait before a transaction is replaced by a better-paid one."),
  MAX_FEE_PER_GAS_GWEI: integer(1, 1_000_000)
    .default(500)
    .describe("Highest fee that is ever offered for gas."),
  SIGNATURE_ALARM_SECONDS: integer(1, 31_536_000)
    .default(900)
    .describe("Alarm when a checkpoint has waited so long for signatures."),
  AUDITOR_URLS: z
    .string()
    .optional()
    .transform((text) => list(text ?? ""))
    .pipe(z.array(url(/^https?$/, "http(s) URLs")))
    .describe("Status servers of auditors, whose refusals and silence are alarms."),
  REFUND_ALARM_SECONDS: integer(1, 31_536_000)
    .optional()
    .describe("Alarm before a refund's deadline; unset: half the window."),
};

/** Each is told by `GET /v1/deployment`, under its name in camel case. */
const LIMITS = {
  MAX_BATCH_EVENTS: integer(1, MAX_EVENTS_PER_REQUEST)
    .default(5_000)
    .describe("Events in one request."),
  MAX_BODY_BYTES: integer(1_024, 1_073_741_824)
    .default(8 * 1_024 * 1_024)
    .describe("Bytes in one request's body."),
  MAX_EVENT_AGE_SECONDS: integer(1, 31_536_000)
    .default(35 * 86_400)
    .describe("Age of an event that is still taken."),
  MAX_EVENT_AHEAD_SECONDS: integer(0, 86_400)
    .default(300)
    .describe("How far an event's time may be ahead."),
  MAX_RATES_PER_CARD: integer(1, MAX_RATES.maxRatesPerCard)
    .default(500)
    .describe("Rates in one rate card."),
  MAX_TIERS_PER_RATE: integer(1, MAX_RATES.maxTiersPerRate)
    .default(20)
    .describe("Tiers in one rate."),
  RATE_CARD_NOTICE_SECONDS: integer(1, 31_536_000)
    .default(300)
    .describe("Least time before a provider's next card applies."),
  MAX_RATE_CARD_AHEAD_SECONDS: integer(1, 315_360_000)
    .default(366 * 86_400)
    .describe("How far ahead a card may be dated."),
  MAX_PENDING_RATE_CARDS: integer(1, 1_000)
    .default(10)
    .describe("Cards of one provider that are not in force yet."),
  MAX_PRICE_MEASUREMENTS: integer(1, MAX_MEASUREMENTS_PER_REQUEST)
    .default(1_000)
    .describe("Measurements in one price preview."),
  MAX_HOLD_SECONDS: integer(1, 86_400)
    .default(3_600)
    .describe("Length of a hold; the contract's windows bound it too."),
  MAX_QUOTE_SECONDS: integer(1, 604_800).default(3_600).describe("Life of a quote."),
  MAX_OPEN_HOLDS: integer(1, 1_000_000)
    .default(1_000)
    .describe("Open holds of a provider on one spender."),
  MAX_GRANTS_PER_REQUEST: integer(1, MAX_GRANTS_PER_REQUEST)
    .default(1_000)
    .describe("Grants or codes in one request."),
  MAX_GRANTS_PER_CAMPAIGN: integer(1, 100_000_000)
    .default(1_000_000)
    .describe("Grants and codes of one campaign, together."),
  MAX_ACCOUNTS_PER_SPENDER: integer(1, 1_000)
    .default(32)
    .describe("Accounts that one spender accepts."),
  MAX_ALLOWANCES_PER_PAIR: integer(1, 10_000)
    .default(100)
    .describe("Allowances in force of one account for one spender."),
  MAX_ALLOWANCES_PER_ACCOUNT: integer(1, 10_000_000)
    .default(10_000)
    .describe("Allowances that one owner ever signs; grants do not count."),
  MAX_OFFERS_PER_ACCOUNT: integer(1, 1_000_000)
    .default(1_000)
    .describe("Allowances of one owner that no spender has accepted."),
  MAX_OFFER_SECONDS: integer(60, 315_360_000)
    .default(90 * 86_400)
    .describe("Life of an allowance that no spender accepts."),
  MAX_EVENT_ID_LENGTH: integer(16, 128)
    .default(128)
    .describe("Characters in an id of an event or hold."),
  MAX_DIMENSIONS: integer(1, 16).default(16).describe("Dimensions of one event, hold or quote."),
  MAX_DIMENSION_VALUE_LENGTH: integer(1, 64)
    .default(64)
    .describe("Characters in a dimension's value."),
  MAX_SCOPE_NAMES: integer(1, MAX_SCOPE_NAMES)
    .default(100)
    .describe("Providers, and as many meters, in one scope."),
};

/**
 * Every variable by topic. docs/settings.md is generated from their descriptions, defaults and
 * bounds.
 */
export const SERVER_SETTINGS = {
  chain: CHAIN_ENVIRONMENT,
  server: DATABASE_AND_HTTP,
  prices: PRICES,
  settlement: SETTLEMENT,
  limits: LIMITS,
};

const Environment = z.object({
  ...CHAIN_ENVIRONMENT,
  ...DATABASE_AND_HTTP,
  ...PRICES,
  ...SETTLEMENT,
  ...LIMITS,
});

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
  readonly confirmations: Confirmations;
  readonly rpcTimeoutMs: number;
  readonly blocksPerRequest: bigint;
  readonly pollMs: number;
  /** 0: blocks may stay away for ever */
  readonly chainStallSeconds: number;
  readonly rateCardFile: string;
  readonly feeBps: bigint;
  readonly settlement: SettlementConfig | null;
  /** where each signer's key keeps what it signed, and the server how far its database was */
  readonly journalFolder: string;
  readonly refundAlarmSeconds: number | null;
  readonly signatureAlarmSeconds: number;
  /** status servers of auditors */
  readonly auditorUrls: readonly string[];
  readonly quoteKey: Hex | null;
  readonly limits: Limits;
  /** addresses that may read the usage log, besides the contract's signers */
  readonly auditors: readonly Hex[];
  /** addresses whose signature approves providers */
  readonly operators: readonly Hex[];
  /** accounts whose grants count without a word of the spender */
  readonly issuers: readonly Hex[];
  readonly logLevel: string;
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
  if (!parsed.success || mistakes.length > 0) {
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
    confirmations: data.CONFIRMATIONS,
    rpcTimeoutMs: data.RPC_TIMEOUT_MILLISECONDS,
    blocksPerRequest: BigInt(data.BLOCKS_PER_REQUEST),
    pollMs: data.POLL_MILLISECONDS,
    chainStallSeconds: data.CHAIN_STALL_SECONDS,
    rateCardFile: data.RATE_CARD_FILE,
    feeBps: BigInt(data.FEE_BPS),
    settlement: settlementOf(data),
    journalFolder: data.SIGNING_JOURNAL_FOLDER,
    refundAlarmSeconds: data.REFUND_ALARM_SECONDS ?? null,
    signatureAlarmSeconds: data.SIGNATURE_ALARM_SECONDS,
    auditorUrls: data.AUDITOR_URLS,
    quoteKey: data.QUOTE_PRIVATE_KEY ?? null,
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
