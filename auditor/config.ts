import { readFileSync } from "node:fs";

import type { Hex } from "viem";
import { z } from "zod";

import type { DatabaseLocation } from "@compute-credits/platform/postgres/openDatabase";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import {
  CHAIN_ENVIRONMENT,
  address,
  describeIssue,
  integer,
  list,
  listOf,
  privateKey,
  signingJournalFolder,
  unusable,
  url,
  withoutEmpty,
} from "@compute-credits/platform/process/environment";
import type { Confirmations } from "@compute-credits/platform/chain/chainSource";
import type { FeeTerm } from "./replay/terms.ts";

const AUDITOR = {
  SERVER_URL: z
    .string({ error: "is missing: the metering server that is audited" })
    .pipe(url(/^https?$/, "an http(s) URL"))
    .describe("Metering server that is audited."),
  AUDITOR_PRIVATE_KEY: privateKey
    .optional()
    .describe("Key that signs checkpoints and asks for the log."),
  AUDITOR_PRIVATE_KEY_FILE: z
    .string()
    .min(1)
    .optional()
    .describe("File that holds that key instead."),
  AUDITOR_DATABASE_URL: url(/^postgres(ql)?$/, "a URL like postgres://user:password@host/database")
    .optional()
    .describe("PostgreSQL database; unset: the embedded one."),
  AUDITOR_FOLDER: z
    .string()
    .min(1)
    .default(".data/auditor")
    .describe("Folder of the embedded database."),
  SIGNING_JOURNAL_FOLDER: signingJournalFolder,
  AUDITOR_PEERS: listOf(url(/^https?$/, "http(s) URLs"))
    .refine((urls) => urls.length <= 16, "must be at most 16 URLs")
    .meta({ bounds: "URLs, separated by commas, at most 16" })
    .describe("Status servers of co-signers, asked what they signed before it signs."),
  AUDITOR_HOST: z.string().min(1).default("127.0.0.1").describe("Address that HTTP listens on."),
  AUDITOR_PORT: integer(0, 65_535).default(8090).describe("Port that HTTP listens on; 0: any."),
  FEE_BPS: z
    .string()
    .regex(
      /^\d{1,5}(,\d{1,5}@\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z)*$/,
      'must be like "200", or "200,300@2026-12-01T00:00:00Z" where it changes',
    )
    .meta({ bounds: "`200`, or with dated changes" })
    .transform(feeTerms)
    .optional()
    .describe("The announced fee; unset: the server's at the start."),
  MAX_LAG_SECONDS: integer(1, 604_800)
    .default(3_600)
    .describe("How far `asOf` may lie behind the checkpoint's events."),
  WRITE_OFF_ACCOUNT: address
    .optional()
    .describe("The operator's account that pays write-offs; unset: none may be."),
  PASSED_BLOCKS: z
    .string()
    .transform(list)
    .pipe(
      z.array(
        z
          .string()
          .regex(/^[1-9]\d{0,17}:0x[0-9a-fA-F]{64}$/, "must be like 18204711:0x…, of 64 hex digits")
          .transform((text) => lowercaseHex(`0x${text.split(":0x")[1] ?? ""}`)),
      ),
    )
    .optional()
    .meta({ bounds: "`NUMBER:HASH`, separated by commas" })
    .describe("Blocks to read although their bloom filter is wrong."),
  RELEASED_EPOCH: z
    .string()
    .regex(/^[1-9]\d{0,17}$/, "must be an epoch: 1 or more")
    .transform(BigInt)
    .optional()
    .describe("Epoch that may be signed once more."),
};

/**
 * Every variable by topic. docs/settings.md is generated from their descriptions, defaults and
 * bounds.
 */
export const AUDITOR_SETTINGS = { auditor: AUDITOR, chain: CHAIN_ENVIRONMENT };

const Environment = z.object({ ...AUDITOR, ...CHAIN_ENVIRONMENT });

export interface AuditorConfig {
  readonly serverUrl: string;
  readonly rpcUrls: readonly string[];
  readonly contract: Hex;
  /** `null`: as the server says, or else the contract */
  readonly deploymentBlock: bigint | null;
  readonly key: Hex;
  readonly database: DatabaseLocation;
  /** where the key keeps what it signed */
  readonly journalFolder: string;
  readonly host: string;
  readonly port: number;
  readonly confirmations: Confirmations;
  readonly blocksPerRequest: bigint;
  readonly timeoutMs: number;
  readonly pollMs: number;
  /** `null` takes the fee that the server announces when the auditor starts */
  readonly fees: readonly FeeTerm[] | null;
  readonly maxLagSeconds: number;
  /** `null` allows no write-off */
  readonly writeOffAccount: Hex | null;
  readonly releasedEpoch: bigint | null;
  /** status servers of other co-signers */
  readonly peers: readonly string[];
  /** hashes of blocks whose bloom filter may deny their logs */
  readonly passedBlocks: ReadonlySet<Hex>;
  readonly logLevel: string;
}

/** Reads the configuration once. Throws a `ConfigError` that lists every mistake. */
export function readAuditorConfig(
  env: Readonly<Record<string, string | undefined>>,
): AuditorConfig {
  const set = withoutEmpty(env);
  const parsed = Environment.safeParse(set);
  const mistakes = parsed.success ? [] : parsed.error.issues.map(describeIssue);
  const key = readKey(set, mistakes);
  if (!parsed.success || key === null || mistakes.length > 0) {
    throw unusable("the auditor's configuration", mistakes);
  }
  const { data } = parsed;
  return {
    serverUrl: data.SERVER_URL,
    rpcUrls: data.RPC_URL,
    contract: data.CONTRACT_ADDRESS,
    deploymentBlock: data.DEPLOYMENT_BLOCK ?? null,
    key,
    database:
      data.AUDITOR_DATABASE_URL === undefined
        ? { folder: data.AUDITOR_FOLDER }
        : { url: data.AUDITOR_DATABASE_URL, connections: 4 },
    journalFolder: data.SIGNING_JOURNAL_FOLDER,
    host: data.AUDITOR_HOST,
    port: data.AUDITOR_PORT,
    confirmations: data.CONFIRMATIONS,
    blocksPerRequest: BigInt(data.BLOCKS_PER_REQUEST),
    timeoutMs: data.RPC_TIMEOUT_MILLISECONDS,
    pollMs: data.POLL_MILLISECONDS,
    fees: data.FEE_BPS ?? null,
    maxLagSeconds: data.MAX_LAG_SECONDS,
    writeOffAccount: data.WRITE_OFF_ACCOUNT ?? null,
    releasedEpoch: data.RELEASED_EPOCH ?? null,
    peers: data.AUDITOR_PEERS,
    passedBlocks: new Set(data.PASSED_BLOCKS),
    logLevel: data.LOG_LEVEL,
  };
}

function readKey(
  {
    AUDITOR_PRIVATE_KEY: given,
    AUDITOR_PRIVATE_KEY_FILE: file,
  }: Record<string, string | undefined>,
  mistakes: string[],
): Hex | null {
  if ((given === undefined) === (file === undefined)) {
    mistakes.push(
      "AUDITOR_PRIVATE_KEY or AUDITOR_PRIVATE_KEY_FILE: set one of them, to the key of one of the contract's signers",
    );
    return null;
  }
  if (file === undefined) return privateKey.safeParse(given).data ?? null;
  try {
    const read = privateKey.safeParse(readFileSync(file, "utf8").trim());
    if (read.success) return read.data;
    mistakes.push("AUDITOR_PRIVATE_KEY_FILE must hold a private key: 0x and 64 hex digits");
  } catch {
    mistakes.push("AUDITOR_PRIVATE_KEY_FILE cannot be read");
  }
  return null;
}

function feeTerms(text: string): readonly FeeTerm[] {
  return text.split(",").map((part) => {
    const [feeBps = "0", from] = part.split("@");
    return { feeBps: BigInt(feeBps), from: from === undefined ? null : new Date(from) };
  });
}
