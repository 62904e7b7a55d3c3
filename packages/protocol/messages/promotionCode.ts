import { type Hex, keccak256, stringToBytes } from "viem";

/**
 * The hash that the server stores, so that only a holder of the code itself can redeem it. People
 * copy codes from paper and mails, so case, dashes, spaces and Unicode forms make no difference.
 */
export function promotionCodeHash(code: string): Hex {
  return keccak256(stringToBytes(canonicalCode(code)));
}

/** The hash of the text itself, for codes whose issuer hashed them without `promotionCodeHash`. */
export function exactCodeHash(code: string): Hex {
  return keccak256(stringToBytes(code));
}

function canonicalCode(code: string): string {
  return code
    .normalize("NFKC")
    .replaceAll(/[\p{Dash}\s\p{Cf}]/gu, "")
    .toUpperCase();
}
