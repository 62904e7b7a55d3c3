import type { Hex } from "viem";

/**
 * Lowercases an address or hash, so that each value has one spelling to compare and to hash.
 * `text` begins with 0x.
 */
export function lowercaseHex(text: string): Hex {
  // Most values are in lower case already: return them without a copy.
  return isLowercase(text) ? text : `0x${text.slice(2).toLowerCase()}`;
}

function isLowercase(text: string): text is Hex {
  return /^0x[^A-Z]*$/.test(text);
}
