import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { Hex } from "viem";
import { z } from "zod";

import type { KeyPlace } from "@compute-credits/platform/chain/signerAt";
import type { Limits } from "./limits.ts";
import type { Confirmations } from "@compute-credits/platform/chain/chainSource";
import type { DatabaseLocation } from "@compute-credits/platform/postgres/openDatabase";
import {
  CHAIN_ENVIRONMENT,
  address,
  describeIssue,
  integer,
  list,
  privateKey,
  unusable,
  url,
  withoutEmpty,
} from "@compute-credits/platform/process/environment";

/** What the environment may say. Names, defaults and bounds; README and docs/operators.md follow it. */
const Environment = z.object({
  ...CHAIN_ENVIRONMENT,
  /** a PostgreSQL server; without it the embedded one in DATA_FOLDER is used */
  DATABASE_URL: url(
    /^postgres(ql)?$/,
    "a URL like postgres://user:password@host/database",
  ).optional(),
  DATABASE_CONNECTIONS: integer(1, 1_000).default(10),
  DATA_FOLDER: z.string().min(1).default(".data/server"),
  HOST: z.string().min(1).default("127.0.0.1"),
  PORT: integer(0, 65_535).default(8080),
  RATE_CARD_FILE: z
    .string()
    .min(1)
    .default(fileURLToPath(new URL("../config/rate-card.json", import.meta.url))),
  /** the operator's part of every charge, in hundredths of a percent; the contract's maxFeeBps bounds it */
  FEE_BPS: integer(0, 10_000).default(0),
  /** keys of the meter's signers, separated by commas; without them this server meters and does not settle */
  SIGNER_PRIVATE_KEYS: z
    .string()
    .optional()
    .transform((text) => list(text ?? ""))
    .pipe(z.array(privateKey)),
  /** pays the gas of checkpoints and refunds */
  SETTLER_PRIVATE_KEY: privateKey.optional(),
  /** in place of a key here: a service that keeps it and signs (JSON-RPC), and whose key of its keys it is */
  SIGNER_URL: url(/^https?$/, "an http(s) URL").optional(),
  SIGNER_ADDRESSES: z
    .string()
    .optional()
    .transform((text) => list(text ?? ""))
    .pipe(z.array(address)),
  SETTLER_URL: url(/^https?$/, "an http(s) URL").optional(),
  SETTLER_ADDRESS: address.optional(),
  SETTLE_INTERVAL_SECONDS: integer(1, 604_800).default(600),
  /** how long a prepared checkpoint waits for co-signers before it is cut anew; 0 = for ever */
  ABANDON_AFTER_SECONDS: integer(0, 604_800).default(3_600),
  /** rows that move at least so much are settled without being asked; without it only refunds are */
  SETTLE_WORTH_MICROS: z
    .string()
    .regex(/^[1-9]\d{0,18}$/, "must be micro-credits, in digits")
    .transform(BigInt)
    .optional(),
  /** a transaction that is not mined by then is replaced by one that offers more */
  BUMP_AFTER_MILLISECONDS: integer(100, 3_600_000).default(60_000),
  MAX_FEE_PER_GAS_GWEI: integer(1, 1_000_000).default(500),
  /** how long before a refund's deadline it is said; without it half the contract's refund window */
  REFUND_ALARM_SECONDS: integer(1, 31_536_000).optional(),
  MAX_BATCH_EVENTS: integer(1, 100_000).default(5_000),
  MAX_BODY_BYTES: integer(1_024, 1_073_741_824).default(8 * 1_024 * 1_024),
  /** 35 days: a month's late events, as the billing systems take them */
  MAX_EVENT_AGE_SECONDS: integer(1, 31_536_000).default(35 * 86_400),
  /** how far a provider's clock may be ahead */
  MAX_EVENT_AHEAD_SECONDS: integer(0, 86_400).default(300),
  MAX_RATES_PER_CARD: integer(1, 10_000).default(500),
  MAX_TIERS_PER_RATE: integer(1, 100).default(20),
  /** between publishing a provider's next card and its effect */
  RATE_CARD_NOTICE_SECONDS: integer(1, 31_536_000).default(300),
  /** a card for a later time would bar its publisher from publishing until then */
  MAX_RATE_CARD_AHEAD_SECONDS: integer(1, 315_360_000).default(366 * 86_400),
  /** cards of one provider that are not in force yet */
  MAX_PENDING_RATE_CARDS: integer(1, 1_000).default(10),
  /** the most that one preview prices */
  MAX_PRICE_MEASUREMENTS: integer(1, 100_000).default(1_000),
  /** the longest hold; the contract's counterGraceSeconds bounds it too */
  MAX_HOLD_SECONDS: integer(1, 86_400).default(3_600),
  /** signs quotes, on every server the same; without it none are offered */
  QUOTE_PRIVATE_KEY: privateKey.optional(),
  MAX_QUOTE_SECONDS: integer(1, 604_800).default(3_600),
  MAX_OPEN_HOLDS_PER_SPENDER: integer(1, 1_000_000).default(1_000),
  /** grants, or codes, in one request; they are written under the lock of the account */
  MAX_GRANTS_PER_REQUEST: integer(1, 100_000).default(5_000),
  /** lengths of what events are labelled with: each is stored with every event; the formats allow no more than the defaults */
  MAX_EVENT_ID_LENGTH: integer(16, 128).default(128),
  MAX_DIMENSIONS: integer(1, 16).default(16),
  MAX_DIMENSION_VALUE_LENGTH: integer(1, 64).default(64),
  /** providers, and meters, of one scope: each is compared with every event */
  MAX_SCOPE_NAMES: integer(1, 1_000).default(100),
  MAX_GRANTS_PER_CAMPAIGN: integer(1, 100_000_000).default(1_000_000),
  /** addresses that may read the usage log, separated by commas; the contract's signers may anyway */
  AUDITORS: z
    .string()
    .optional()
    .transform((text) => list(text ?? ""))
    .pipe(z.array(address)),
});

export interface Config {
  readonly rpcUrls: readonly string[];
  readonly contract: Hex;
  readonly database: DatabaseLocation;
  readonly host: string;
  readonly port: number;
  readonly confirmations: Confirmations;
  readonly rpcTimeoutMs: number;
  readonly blocksPerRequest: bigint;
  readonly pollMs: number;
  readonly rateCardFile: string;
  readonly feeBps: bigint;
  readonly settlement: SettlementConfig | null;
  readonly refundAlarmSeconds: number | null;
  readonly quoteKey: Hex | null;
  readonly limits: Limits;
  /** who may read the usage log besides the contract's signers */
  readonly auditors: readonly Hex[];
  readonly logLevel: string;
}

export interface SettlementConfig {
  readonly signers: readonly KeyPlace[];
  /** pays the gas */
  readonly settler: KeyPlace;
  readonly intervalSeconds: number;
  readonly abandonAfterSeconds: number;
  readonly worthMicros: bigint | null;
  readonly bumpAfterMs: number;
  /** wei */
  readonly maxFeePerGas: bigint;
}

/** Reads the configuration, once. Throws a `ConfigError` that names every mistake. */
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
  for (const [service, addresses] of [
    ["SIGNER_URL", "SIGNER_ADDRESSES"],
    ["SETTLER_URL", "SETTLER_ADDRESS"],
  ] as const) {
    if ((set[service] === undefined) !== (set[addresses] === undefined)) {
      mistakes.push(`${service} and ${addresses} go together: the service, and whose keys it has`);
    }
  }
  if (!parsed.success || mistakes.length > 0) {
    throw unusable("the configuration", mistakes);
  }

  const { data } = parsed;
  return {
    rpcUrls: data.RPC_URL,
    contract: data.CONTRACT_ADDRESS,
    database:
      data.DATABASE_URL === undefined
        ? { folder: data.DATA_FOLDER }
        : { url: data.DATABASE_URL, connections: data.DATABASE_CONNECTIONS },
    host: data.HOST,
    port: data.PORT,
    confirmations: data.CONFIRMATIONS,
    rpcTimeoutMs: data.RPC_TIMEOUT_MILLISECONDS,
    blocksPerRequest: BigInt(data.BLOCKS_PER_REQUEST),
    pollMs: data.POLL_MILLISECONDS,
    rateCardFile: data.RATE_CARD_FILE,
    feeBps: BigInt(data.FEE_BPS),
    settlement: settlementOf(data),
    refundAlarmSeconds: data.REFUND_ALARM_SECONDS ?? null,
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
      maxOpenHoldsPerSpender: data.MAX_OPEN_HOLDS_PER_SPENDER,
      maxQuoteSeconds: data.MAX_QUOTE_SECONDS,
      maxEventIdLength: data.MAX_EVENT_ID_LENGTH,
      maxDimensions: data.MAX_DIMENSIONS,
      maxDimensionValueLength: data.MAX_DIMENSION_VALUE_LENGTH,
      maxScopeNames: data.MAX_SCOPE_NAMES,
      maxGrantsPerRequest: data.MAX_GRANTS_PER_REQUEST,
      maxGrantsPerCampaign: data.MAX_GRANTS_PER_CAMPAIGN,
    },
    auditors: data.AUDITORS,
    logLevel: data.LOG_LEVEL,
  };
}

const SIGNER_NAMES = ["SIGNER_PRIVATE_KEYS", "SIGNER_URL"];
const SETTLER_NAMES = ["SETTLER_PRIVATE_KEY", "SETTLER_URL"];

function settlementOf(data: z.output<typeof Environment>): SettlementConfig | null {
  const { SIGNER_URL: signerUrl, SETTLER_URL: settlerUrl, SETTLER_ADDRESS: settlerAddress } = data;
  const settler: KeyPlace | null =
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
    bumpAfterMs: data.BUMP_AFTER_MILLISECONDS,
    maxFeePerGas: BigInt(data.MAX_FEE_PER_GAS_GWEI) * 1_000_000_000n,
  };
}

/** Keys may lie in files, as secret stores put them; a file's lines count as the variable's commas. */
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
