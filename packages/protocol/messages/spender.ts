import { type Address, type Hex, keccak256, pad, size, slice, stringToBytes } from "viem";

import { lowercaseHex } from "../hex.ts";

/** The spender of an allowance in 32 bytes: a left-padded address, or the hash of an API key. */
export type SpenderId = Hex;

/** The prefix of API keys, so that secret scanners recognise a leaked key. */
export const API_KEY_PREFIX = "cck_";

/** The spender id of a wallet: its address padded on the left to 32 bytes. */
export function walletSpender(address: Address): SpenderId {
  return pad(lowercaseHex(address), { size: 32 });
}

/**
 * The spender id of an API key: its keccak-256 hash. The owner signs for the hash; only the holder
 * knows the key.
 */
export function apiKeySpender(apiKey: string): SpenderId {
  return keccak256(stringToBytes(apiKey));
}

/** The wallet of a spender id, or `null` if the id is an API key's hash. */
export function spenderWallet(spender: SpenderId): Address | null {
  return slice(spender, 0, 12) === `0x${"00".repeat(12)}` && size(spender) === 32
    ? slice(spender, 12)
    : null;
}
