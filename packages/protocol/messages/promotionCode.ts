import { type Hex, keccak256, stringToBytes } from "viem";

/** What a server keeps of a promotion code: only who has the code can redeem it. */
export function promotionCodeHash(code: string): Hex {
  return keccak256(stringToBytes(code));
}
