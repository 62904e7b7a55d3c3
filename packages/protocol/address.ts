import { type Address, isAddress } from "viem";

import { lowercaseHex } from "./hex.ts";

/** What every message about a refused address says. It follows "must be" or "is not". */
export const ADDRESS_FORM =
  "an address: 0x and 40 hex digits, in lower case or with the right checksum";

const LOWERCASE_ADDRESS = /^0x[0-9a-f]{40}$/;

/**
 * Reads an address in lower case, or in mixed case with the right checksum (EIP-55). Returns it in
 * lower case, and null for any other text: a wrong checksum is a typing error, and is never mended.
 */
export function parseAddress(text: string): Address | null {
  // Most addresses are in lower case, which has no checksum to verify.
  return LOWERCASE_ADDRESS.test(text) || isAddress(text) ? lowercaseHex(text) : null;
}
