import type { Hex } from "viem";

import {
  ConfigError,
  describeIssue,
  unusable,
  withoutEmpty,
} from "@compute-credits/platform/process/environment";
import { withSecretFiles } from "@compute-credits/platform/process/secretFiles";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { Environment } from "./settings.ts";

export interface McpConfig {
  readonly serverUrl: string;
  readonly apiKey: string | null;
  readonly viewKey: string | null;
  readonly issuingKey: string | null;
  readonly owner: Owner | null;
  /** micro-credits: the highest limit of a new key; `null`: as much as the campaign allows */
  readonly maxKeyMicros: bigint | null;
  readonly keyFolder: string;
  /** of HTTP clients; `null` serves stdio only */
  readonly token: string | null;
}

/** The wallet of the account's owner, and all that it may sign for. */
export interface Owner {
  readonly privateKey: Hex;
  readonly deployment: Deployment;
  readonly maxKeyMicros: bigint;
}

/** The variables that a file may hold instead. */
const IN_FILES = ["API_KEY", "VIEW_KEY", "ISSUING_KEY", "OWNER_PRIVATE_KEY", "MCP_TOKEN"] as const;

/** Reads the settings. Throws a `ConfigError` that lists every mistake. */
export function readMcpConfig(env: Readonly<Record<string, string | undefined>>): McpConfig {
  const parsed = Environment.safeParse(withSecretFiles(withoutEmpty(env), IN_FILES));
  if (!parsed.success) throw unusable("the environment", parsed.error.issues.map(describeIssue));
  const found = parsed.data;
  return {
    serverUrl: found.METERING_URL,
    apiKey: found.API_KEY ?? null,
    viewKey: found.VIEW_KEY ?? null,
    issuingKey: found.ISSUING_KEY ?? null,
    owner: ownerOf(found),
    maxKeyMicros: found.MAX_KEY_MICROS ?? null,
    keyFolder: found.KEY_FOLDER,
    token: found.MCP_TOKEN ?? null,
  };
}

/** A server that names another chain or contract gets no signature of the owner's. */
function ownerOf({
  OWNER_PRIVATE_KEY: privateKey,
  CHAIN_ID: chainId,
  CONTRACT_ADDRESS: contract,
  MAX_KEY_MICROS: maxKeyMicros,
}: ReturnType<typeof Environment.parse>): Owner | null {
  if (privateKey === undefined) return null;
  if (chainId === undefined || contract === undefined || maxKeyMicros === undefined) {
    throw new ConfigError(
      "OWNER_PRIVATE_KEY needs CHAIN_ID, CONTRACT_ADDRESS and MAX_KEY_MICROS: what the agent may " +
        "sign with it",
    );
  }
  return { privateKey, deployment: { chainId, contract }, maxKeyMicros };
}
