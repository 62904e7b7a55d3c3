import { type Address, type Hex, keccak256, pad, size, slice, stringToBytes } from "viem";

import { lowercaseHex } from "../hex.ts";

/** Who may spend, as an allowance names it: 32 bytes, an address padded on the left or the hash of an API key. */
export type SpenderId = Hex;

/** API keys start with this, so that a leaked one is recognised by secret scanners. */
export const API_KEY_PREFIX = "cck_";

/** The spender that a wallet is. */
export function walletSpender(address: Address): SpenderId {
  return pad(lowercaseHex(address), { size: 32 });
}

/** The spender that an API key is: the owner signs for this very key, and only its holder knows the secret. */
export function apiKeySpender(apiKey: string): SpenderId {
  return keccak256(stringToBytes(apiKey));
}

/** The wallet behind a spender, or `null` where the spender is an API key. */
export function spenderWallet(spender: SpenderId): Address | null {
  return slice(spender, 0, 12) === `0x${"00".repeat(12)}` && size(spender) === 32
    ? slice(spender, 12)
    : null;
}
