import { type Address, type Hex, concat, keccak256, numberToHex, pad, zeroAddress } from "viem";

/** One party's three cumulative amounts in micro-credits. They never fall (I3). */
export interface Row {
  readonly party: Address;
  readonly spent: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
}

/**
 * Pads the tree to a power of two. The contract cannot settle it: its party is the zero address.
 */
export const EMPTY_ROW: Row = { party: zeroAddress, spent: 0n, refunded: 0n, earned: 0n };

/** Encodes a row as `abi.encode(address, uint64, uint64, uint64)`: four 32-byte words. */
export function encodeRow({ party, spent, refunded, earned }: Row): Hex {
  return concat([
    pad(party, { size: 32 }),
    numberToHex(spent, { size: 32 }),
    numberToHex(refunded, { size: 32 }),
    numberToHex(earned, { size: 32 }),
  ]);
}

/** Hashes twice, so that a leaf can never pass for an inner node (second preimage). */
export function rowLeaf(row: Row): Hex {
  return keccak256(keccak256(encodeRow(row)));
}
