import { bytesToHex } from "viem";

import {
  ISSUING_KEY_PREFIX,
  PROVIDER_KEY_PREFIX,
  VIEW_KEY_PREFIX,
} from "@compute-credits/protocol/messages/keyKind";
import { API_KEY_PREFIX } from "@compute-credits/protocol/messages/spender";

/** Creates an API key: a spender's secret of 256 random bits. Only its hash is signed. */
export function createApiKey(): string {
  return API_KEY_PREFIX + secret();
}

/** Creates a key for a provider's nodes. Its wallet signs the hash (`ProviderKey`). */
export function createProviderKey(): string {
  return PROVIDER_KEY_PREFIX + secret();
}

/** Creates a key that issues grants and codes. The account's owner signs the hash (`IssuingKey`). */
export function createIssuingKey(): string {
  return ISSUING_KEY_PREFIX + secret();
}

/** Creates a key that reads an account. Its owner signs the hash (`ViewKey`), or signs in. */
export function createViewKey(): string {
  return VIEW_KEY_PREFIX + secret();
}

function secret(): string {
  return bytesToHex(crypto.getRandomValues(new Uint8Array(32))).slice(2);
}
