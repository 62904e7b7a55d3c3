import { type Hex, keccak256, stringToBytes } from "viem";

/** The hash that the server stores, so that only a holder of the code itself can redeem it. */
export function promotionCodeHash(code: string): Hex {
  return keccak256(stringToBytes(code));
}
