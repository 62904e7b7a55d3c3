import type { Address, Hex } from "viem";

import { UsageError } from "@compute-credits/platform/process/commandLine";
import { privateKey } from "@compute-credits/platform/process/environment";
import { wallets } from "../../local/wallets.ts";
import type { Common, Environment } from "../frame/commonOptions.ts";
import { readSecretFile } from "./secretFile.ts";

/** Where the wallet's signatures come from. */
export type KeySource =
  | { readonly kind: "key"; readonly privateKey: Hex }
  | { readonly kind: "test"; readonly name: string; readonly privateKey: Hex }
  | { readonly kind: "unlocked"; readonly address: Address };

/** What a command speaks with. Absent parts were not given. */
export interface Keys {
  readonly source: KeySource | null;
  readonly bearer: string | null;
}

/** Reads the wallet's key and the bearer. An option wins over a variable. */
export async function readKeys(common: Common, environment: Environment): Promise<Keys> {
  return {
    source: await readSource(common, environment),
    bearer: await readBearer(common, environment),
  };
}

async function readSource(
  { keyFile, from, wallet }: Common,
  environment: Environment,
): Promise<KeySource | null> {
  const given = [keyFile, from, wallet].filter((option) => option !== undefined);
  if (given.length > 1) {
    throw new UsageError("Give one of --key-file, --from and --wallet: a command has one wallet.");
  }
  if (wallet !== undefined) {
    return { kind: "test", name: wallet, privateKey: wallets[wallet].privateKey };
  }
  if (from !== undefined) return { kind: "unlocked", address: from };
  if (keyFile !== undefined) {
    const text = await readSecretFile("--key-file", keyFile);
    return { kind: "key", privateKey: privateKeyIn(`--key-file ${keyFile}`, text) };
  }
  const text = environment["CREDITS_PRIVATE_KEY"] ?? "";
  if (text === "") return null;
  return { kind: "key", privateKey: privateKeyIn("CREDITS_PRIVATE_KEY", text.trim()) };
}

async function readBearer(
  { bearerFile }: Common,
  environment: Environment,
): Promise<string | null> {
  if (bearerFile !== undefined) return await readSecretFile("--bearer-file", bearerFile);
  const text = environment["CREDITS_BEARER"] ?? "";
  if (text === "") return null;
  // Never shown, not even a wrong one.
  if (/^[\x21-\x7e]{1,512}$/.test(text)) return text;
  throw new UsageError("CREDITS_BEARER is one word: a key of any kind, or a session's token.");
}

/** Does not show the text: it may be a key with a letter too many. */
function privateKeyIn(where: string, text: string): Hex {
  const key = privateKey.safeParse(text.startsWith("0x") ? text : `0x${text}`);
  if (key.success) return key.data;
  throw new UsageError(`${where} must hold a private key: 0x and 64 hex digits.`);
}
