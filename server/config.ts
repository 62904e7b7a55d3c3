import { fileURLToPath } from "node:url";

import { type Hex, isAddress } from "viem";
import { z } from "zod";

import type { Confirmations } from "./ports/chainSource.ts";
import type { DatabaseLocation } from "./adapters/postgres/openDatabase.ts";
import { lowercaseHex } from "../protocol/hex.ts";

/** A mistake in the environment: every one that there is, told at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

export const integer = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, "must be a whole number, in digits")
    .transform(Number)
    .pipe(z.number().min(least).max(most));

export const address = z
  .string()
  .refine((text) => isAddress(text, { strict: false }), "must be an address: 0x and 40 hex digits")
  .transform((text): Hex => lowercaseHex(`0x${text.slice(2)}`));

/** The order of secp256k1: private keys are the numbers from 1 to under it. */
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

export const privateKey = z.custom<Hex>(
  (value) =>
    typeof value === "string" &&
    /^0x[0-9a-fA-F]{64}$/.test(value) &&
    BigInt(value) > 0n &&
    BigInt(value) < CURVE_ORDER,
  "must be a private key: 0x and 64 hex digits",
);

export const list = (text: string) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

export const url = (protocols: RegExp, what: string) =>
  z.url({ protocol: protocols, error: `must be ${what}` });

/** What the environment may say. Names, defaults and bounds; README and docs/operators.md follow it. */
const Environment = z.object({
  /** endpoints of the chain, separated by commas; the next is asked where one fails */
  RPC_URL: z
    .string({ error: "is missing: the chain's JSON-RPC endpoint, or several separated by commas" })
    .transform(list)
    .pipe(z.array(url(/^https?$/, "an http(s) URL")).min(1, "names no endpoint")),
  CONTRACT_ADDRESS: z
    .string({ error: "is missing: the address of the ComputeCredits contract" })
    .pipe(address),
  /** a PostgreSQL server; without it the embedded one in DATA_FOLDER is used */
  DATABASE_URL: url(
    /^postgres(ql)?$/,
    "a URL like postgres://user:password@host/database",
  ).optional(),
  DATABASE_CONNECTIONS: integer(1, 1_000).default(10),
  DATA_FOLDER: z.string().min(1).default(".data/server"),
  HOST: z.string().min(1).default("127.0.0.1"),
  PORT: integer(0, 65_535).default(8080),
  /** blocks on top of a purchase before it can be spent; or the chain's own word for it */
  CONFIRMATIONS: z
    .union([z.enum(["safe", "finalized"]), integer(0, 10_000).transform(BigInt)], {
      error: "must be a number of blocks up to 10000, or safe, or finalized",
    })
    .default(12n),
  RPC_TIMEOUT_MILLISECONDS: integer(100, 600_000).default(10_000),
  BLOCKS_PER_REQUEST: integer(1, 100_000).default(2_000),
  POLL_MILLISECONDS: integer(50, 3_600_000).default(4_000),
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
  SETTLE_INTERVAL_SECONDS: integer(1, 604_800).default(600),
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
  MAX_GRANTS_PER_CAMPAIGN: integer(1, 100_000_000).default(1_000_000),
  /** addresses that may read the usage log, separated by commas; the contract's signers may anyway */
  AUDITORS: z
    .string()
    .optional()
    .transform((text) => list(text ?? ""))
    .pipe(z.array(address)),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
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
  readonly quoteKey: Hex | null;
  readonly limits: Limits;
  /** who may read the usage log besides the contract's signers */
  readonly auditors: readonly Hex[];
  readonly logLevel: string;
}

export interface SettlementConfig {
  readonly signerKeys: readonly Hex[];
  readonly settlerKey: Hex;
  readonly intervalSeconds: number;
}

export interface Limits {
  readonly maxBatchEvents: number;
  readonly maxBodyBytes: number;
  readonly maxEventAgeSeconds: number;
  readonly maxEventAheadSeconds: number;
  readonly maxRatesPerCard: number;
  readonly maxTiersPerRate: number;
  readonly rateCardNoticeSeconds: number;
  readonly maxRateCardAheadSeconds: number;
  readonly maxPendingRateCards: number;
  readonly maxPriceMeasurements: number;
  readonly maxHoldSeconds: number;
  readonly maxOpenHoldsPerSpender: number;
  readonly maxQuoteSeconds: number;
  readonly maxGrantsPerRequest: number;
  /** grants and codes together */
  readonly maxGrantsPerCampaign: number;
}

/** Reads the configuration, once. Throws a `ConfigError` that names every mistake. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  // An empty variable is one that was not set: shells and compose files make them.
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = Environment.safeParse(set);
  const mistakes = parsed.success ? [] : parsed.error.issues.map(describeIssue);

  const hasSigners = (set["SIGNER_PRIVATE_KEYS"] ?? "") !== "";
  const hasSettler = set["SETTLER_PRIVATE_KEY"] !== undefined;
  if (hasSigners !== hasSettler) {
    mistakes.push(
      "SIGNER_PRIVATE_KEYS and SETTLER_PRIVATE_KEY go together: set both to settle, or neither",
    );
  }
  if (!parsed.success || mistakes.length > 0) {
    throw new ConfigError(
      `the configuration is not usable:\n${mistakes.map((m) => `  - ${m}`).join("\n")}`,
    );
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
    settlement:
      data.SETTLER_PRIVATE_KEY === undefined
        ? null
        : {
            signerKeys: data.SIGNER_PRIVATE_KEYS,
            settlerKey: data.SETTLER_PRIVATE_KEY,
            intervalSeconds: data.SETTLE_INTERVAL_SECONDS,
          },
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
      maxGrantsPerRequest: data.MAX_GRANTS_PER_REQUEST,
      maxGrantsPerCampaign: data.MAX_GRANTS_PER_CAMPAIGN,
    },
    auditors: data.AUDITORS,
    logLevel: data.LOG_LEVEL,
  };
}

export function describeIssue({ path, message }: z.core.$ZodIssue): string {
  return `${String(path[0])} ${message}`;
}
