import { type Hex, hexToBytes, keccak256 } from "viem";

/**
 * Whether a block's bloom filter allows that a log of it has this address or topic. "No" is certain; "yes" may be by
 * chance. (Three bits of 2048 by the value's hash: Yellow Paper, 4.4.3.)
 */
export function bloomMayContain(bloom: Hex, value: Hex): boolean {
  const filter = hexToBytes(bloom);
  const hash = hexToBytes(keccak256(value));
  return [0, 2, 4].every((at) => {
    const bit = (((hash[at] ?? 0) << 8) | (hash[at + 1] ?? 0)) & 2047;
    return ((filter[filter.length - 1 - (bit >> 3)] ?? 0) & (1 << (bit & 7))) !== 0;
  });
}
