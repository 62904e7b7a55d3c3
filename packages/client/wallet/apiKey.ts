import { bytesToHex } from "viem";

import { API_KEY_PREFIX } from "@compute-credits/protocol/messages/spender";

/** A new secret for a spender, or for a provider's nodes: 256 random bits. Only its hash is ever stored or signed. */
export function createApiKey(): string {
  return API_KEY_PREFIX + bytesToHex(crypto.getRandomValues(new Uint8Array(32))).slice(2);
}
