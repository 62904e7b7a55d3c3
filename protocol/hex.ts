import type { Hex } from "viem";

/** One spelling per value: addresses and hashes are compared and hashed in lower case. */
export function lowercaseHex(hex: Hex): Hex {
  return `0x${hex.slice(2).toLowerCase()}`;
}
