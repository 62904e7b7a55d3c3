import { type Address, type Hex, concat, keccak256, numberToHex, pad, zeroAddress } from "viem";

/** The three cumulative numbers of one party, in micro-credits; they only ever grow. */
export interface Row {
  readonly party: Address;
  readonly spent: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
}

/** Fills the tree up to a power of two; settles nothing, for nobody. */
export const EMPTY_ROW: Row = { party: zeroAddress, spent: 0n, refunded: 0n, earned: 0n };

/** Four 32-byte words: `abi.encode(address, uint64, uint64, uint64)`. */
export function encodeRow({ party, spent, refunded, earned }: Row): Hex {
  return concat([
    pad(party, { size: 32 }),
    numberToHex(spent, { size: 32 }),
    numberToHex(refunded, { size: 32 }),
    numberToHex(earned, { size: 32 }),
  ]);
}

/** Hashed twice, so that a leaf can never be mistaken for an inner node (second preimage). */
export function rowLeaf(row: Row): Hex {
  return keccak256(keccak256(encodeRow(row)));
}
