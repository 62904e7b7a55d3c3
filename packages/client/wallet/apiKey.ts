import { bytesToHex } from "viem";

import { API_KEY_PREFIX } from "@compute-credits/protocol/messages/spender";

/**
 * Creates a secret of 256 random bits for a spender or a provider's nodes. Only its hash is stored
 * and signed.
 */
export function createApiKey(): string {
  return API_KEY_PREFIX + bytesToHex(crypto.getRandomValues(new Uint8Array(32))).slice(2);
}
