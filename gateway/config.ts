import { readFileSync } from "node:fs";

import { z } from "zod";

import type { WalletOptions } from "@compute-credits/express/charge/identify";
import {
  ConfigError,
  describeIssue,
  unusable,
  withoutEmpty,
} from "@compute-credits/platform/process/environment";
import { withSecretFiles } from "@compute-credits/platform/process/secretFiles";
import { parseJson } from "./json.ts";
import { ANY_MODEL, type Models, ModelsFile, createModels } from "./models.ts";
import { Environment } from "./settings.ts";

export interface GatewayConfig {
  readonly meteringUrl: string;
  readonly providerKey: string;
  readonly upstreamKey: string | null;
  readonly wallets: WalletOptions | null;
  readonly requestSeconds: number;
  readonly silenceMs: number;
  readonly maxBodyBytes: number;
  readonly maxConnections: number;
}

/** Reads the settings. Throws a `ConfigError` that lists every mistake. */
export function readGatewayConfig(
  env: Readonly<Record<string, string | undefined>>,
): GatewayConfig {
  const secrets = ["PROVIDER_KEY", "UPSTREAM_KEY"];
  const parsed = Environment.safeParse(withSecretFiles(withoutEmpty(env), secrets));
  if (!parsed.success) throw unusable("the environment", parsed.error.issues.map(describeIssue));
  const found = parsed.data;
  return {
    meteringUrl: found.METERING_URL,
    providerKey: found.PROVIDER_KEY,
    upstreamKey: found.UPSTREAM_KEY ?? null,
    wallets: walletsOf(found),
    requestSeconds: found.REQUEST_SECONDS,
    silenceMs: found.UPSTREAM_SILENCE_SECONDS * 1_000,
    maxBodyBytes: found.MAX_BODY_BYTES,
    maxConnections: found.MAX_CONNECTIONS,
  };
}

function walletsOf({
  GATEWAY_ORIGIN: origin,
  CHAIN_ID: chainId,
}: z.output<typeof Environment>): WalletOptions | null {
  if (origin === undefined) return null;
  if (chainId === undefined)
    throw new ConfigError("GATEWAY_ORIGIN needs CHAIN_ID: the vault's chain");
  return { origin, chainId };
}

/** Reads the file of models; without one, every model is offered. Throws a `ConfigError`. */
export function readModels(path: string | null): Models {
  if (path === null) return createModels([ANY_MODEL]);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new ConfigError(`--models ${path} cannot be read: check the path`, { cause });
  }
  const parsed = ModelsFile.safeParse(parseJson(text));
  if (!parsed.success)
    throw new ConfigError(`${path} is not usable:\n${z.prettifyError(parsed.error)}`);
  return createModels(parsed.data.models);
}
