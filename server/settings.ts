import { fileURLToPath } from "node:url";

import { z } from "zod";

import {
  MAX_EVENTS_PER_REQUEST,
  MAX_GRANTS_PER_REQUEST,
  MAX_MEASUREMENTS_PER_REQUEST,
  MAX_RATES,
} from "@compute-credits/api/bounds";
import { isAddressOrNetwork } from "@compute-credits/platform/process/addressList";
import {
  CHAIN_ENVIRONMENT,
  address,
  integer,
  listOf,
  privateKey,
  signingJournalFolder,
  url,
} from "@compute-credits/platform/process/environment";
import { MAX_SCOPE_NAMES } from "@compute-credits/protocol/json/allowance";

const addresses = listOf(address);

const networks = listOf(
  z.string().refine(isAddressOrNetwork, "must be addresses, or networks like 10.0.0.0/8"),
);

/** Origins: what comes before the path of a URL, as browsers write it. */
const origins = (what: string) =>
  listOf(
    z.string().refine(isOrigin, `must be ${what} like https://meter.example, without a path`),
  ).transform((texts) => texts.map((text) => new URL(text).origin));

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
  TRUSTED_PROXIES: networks.describe(
    "Proxies: exempt from that bound, and believed in `X-Forwarded-For`.",
  ),
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

const DASHBOARD = {
  DASHBOARD_FOLDER: z
    .string()
    .min(1)
    .default(fileURLToPath(new URL("../dashboard/dist/production", import.meta.url)))
    .describe("What `npm run dashboard` built."),
  DASHBOARD_RPC_URLS: listOf(url(/^https?$/, "http(s) URLs")).describe(
    "Endpoints of the chain that its visitors ask; everyone sees them.",
  ),
  DASHBOARD_FRAMES: origins("https origins").describe(
    "Pages that may frame it, such as `https://app.safe.global`.",
  ),
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

const ATTESTATION = {
  ATTESTATION_JWKS: z
    .string()
    .regex(/^(?:https:\/\/\S+|[^:]+)$/, "must be an https URL or a file")
    .optional()
    .describe("Keys that sign attestation tokens; unset: none is checked."),
  ATTESTATION_ISSUER: z
    .string()
    .min(1)
    .default("https://nras.attestation.nvidia.com")
    .describe("The only `iss` of a token that is taken."),
};

const SETTLEMENT = {
  SIGNER_PRIVATE_KEYS: listOf(privateKey).describe(
    "The meter's signers' keys, separated by commas.",
  ),
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
  AUDITOR_URLS: listOf(url(/^https?$/, "http(s) URLs")).describe(
    "Status servers of auditors, whose refusals and silence are alarms.",
  ),
  REFUND_ALARM_SECONDS: integer(1, 31_536_000)
    .optional()
    .describe("Alarm before a refund's deadline; unset: half the window."),
};

const WEBHOOKS = {
  WEBHOOK_KEY_FILE: z
    .string()
    .min(1)
    .optional()
    .describe("File of keys for webhooks' secrets: 64 hex digits a line."),
  WEBHOOK_NETWORKS: networks.describe("Private networks that webhooks may reach, also by http."),
  MAX_WEBHOOKS: integer(1, 1_000_000)
    .default(10_000)
    .describe("Endpoints of webhooks, of all owners together."),
  WEBHOOK_KEEP_SECONDS: integer(3_600, 31_536_000)
    .default(30 * 86_400)
    .describe("How long events and their deliveries are kept."),
};

const PURCHASES = {
  DEPOSIT_ADDRESSES: address
    .optional()
    .describe("The `DepositAddresses` contract of the vault, told to wallets."),
  SWEEPER_PRIVATE_KEY: privateKey
    .optional()
    .describe("Key of the wallet that sweeps deposits; unset: none are swept."),
  SWEEP_WORTH_MICROS: z
    .string()
    .regex(/^[1-9]\d{0,18}$/, "must be micro-credits, in digits")
    .meta({ bounds: "1 to 19 digits" })
    .transform(BigInt)
    .default(1_000_000n)
    .describe("Sweeps deposits that buy this much: what is worth its gas."),
  MAX_DEPOSIT_WATCHES: integer(1, 1_000_000)
    .default(10_000)
    .describe("Deposit addresses that are looked at."),
  KEEPER_PRIVATE_KEY: privateKey
    .optional()
    .describe("Key that top-up policies name; unset: nothing is topped up."),
  TOP_UP_WORTH_MICROS: z
    .string()
    .regex(/^[1-9]\d{0,17}$/, "must be micro-credits, in digits")
    .meta({ bounds: "1 to 18 digits" })
    .transform(BigInt)
    .default(1_000_000n)
    .describe("The least that one top-up buys: what is worth its gas."),
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
  dashboard: DASHBOARD,
  prices: PRICES,
  attestation: ATTESTATION,
  settlement: SETTLEMENT,
  purchases: PURCHASES,
  webhooks: WEBHOOKS,
  limits: LIMITS,
};

/** All of them. */
export const Environment = z.object({
  ...CHAIN_ENVIRONMENT,
  ...DATABASE_AND_HTTP,
  ...DASHBOARD,
  ...PRICES,
  ...ATTESTATION,
  ...SETTLEMENT,
  ...PURCHASES,
  ...WEBHOOKS,
  ...LIMITS,
});
