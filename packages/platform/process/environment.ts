import type { Hex } from "viem";
import { z } from "zod";

import { ADDRESS_FORM, parseAddress } from "@compute-credits/protocol/address";
import { lowercaseHex } from "@compute-credits/protocol/hex";

/** The environment has mistakes; the message lists all of them. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * A whole number within bounds. The bounds are kept as `meta`, for the table in docs/settings.md.
 */
export const integer = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, "must be a whole number, in digits")
    .transform(Number)
    .pipe(z.number().min(least).max(most))
    .meta({ bounds: `${least} to ${most}` });

export const address = z
  .string()
  .refine((text) => parseAddress(text) !== null, `must be ${ADDRESS_FORM}`)
  .transform(lowercaseHex);

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

/** Values separated by commas; none if the variable is unset. */
export const listOf = <Value extends z.ZodType<unknown, string>>(value: Value) =>
  z
    .string()
    .optional()
    .transform((text) => list(text ?? ""))
    .pipe(z.array(value));

export const url = (protocols: RegExp, what: string) =>
  z.url({ protocol: protocols, error: `must be ${what}` });

/** Settings of every process that follows the chain. */
export const CHAIN_ENVIRONMENT = {
  RPC_URL: z
    .string({ error: "is missing: the chain's JSON-RPC endpoint, or several separated by commas" })
    .transform(list)
    .pipe(z.array(url(/^https?$/, "an http(s) URL")).min(1, "names no endpoint"))
    .describe("JSON-RPC endpoints of the chain, separated by commas."),
  CONTRACT_ADDRESS: z
    .string({ error: "is missing: the address of the ComputeCredits contract" })
    .pipe(address)
    .describe("Address of the ComputeCredits contract."),
  DEPLOYMENT_BLOCK: z
    .string()
    .regex(/^[1-9]\d{0,17}$/, "must be a block's number: 1 or more")
    .meta({ bounds: "1 to 18 digits" })
    .transform(BigInt)
    .optional()
    .describe("Block of the contract's deployment; unset: as the contract says."),
  CONFIRMATIONS: z
    .union([z.enum(["safe", "finalized"]), integer(0, 10_000).transform(BigInt)], {
      error: "must be a number of blocks up to 10000, or safe, or finalized",
    })
    .meta({ bounds: "0 to 10000, `safe` or `finalized`" })
    .default(12n)
    .describe("Blocks on top of a block before its events count."),
  RPC_TIMEOUT_MILLISECONDS: integer(100, 600_000)
    .default(10_000)
    .describe("Longest wait for one answer of an endpoint."),
  BLOCKS_PER_REQUEST: integer(1, 100_000)
    .default(2_000)
    .describe("Blocks per step of the indexer; fewer if an endpoint refuses."),
  POLL_MILLISECONDS: integer(50, 3_600_000)
    .default(4_000)
    .describe("Pause between two rounds of following the chain."),
  LOG_LEVEL: z
    .enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"])
    .meta({ bounds: "`fatal` to `trace`, or `silent`" })
    .default("info")
    .describe("Least severe log lines that are written."),
};

/** Of every process that signs checkpoints. */
export const signingJournalFolder = z
  .string()
  .min(1)
  .default(".data/signing")
  .describe("Folder of what the keys have signed: keep it.");

/** Treats an empty variable as unset, because shells and compose files make them. */
export function withoutEmpty(env: Readonly<Record<string, string | undefined>>) {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
}

/** Lists the mistakes in `what`, one per line. */
export function unusable(what: string, mistakes: readonly string[]): ConfigError {
  return new ConfigError(
    `${what} is not usable:\n${mistakes.map((one) => `  - ${one}`).join("\n")}`,
  );
}

export function describeIssue({ path, message }: z.core.$ZodIssue): string {
  return `${String(path[0])} ${message}`;
}
