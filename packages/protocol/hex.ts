import type { Hex } from "viem";

/** One spelling per value: addresses and hashes are compared and hashed in lower case. `text` begins with 0x. */
export function lowercaseHex(text: string): Hex {
  // Most come as they should be, and are not built anew.
  return isLowercase(text) ? text : `0x${text.slice(2).toLowerCase()}`;
}

function isLowercase(text: string): text is Hex {
  return /^0x[^A-Z]*$/.test(text);
}
