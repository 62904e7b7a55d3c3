import { type Hex, hexToBytes, keccak256 } from "viem";

/**
 * Whether a block's bloom filter admits a log with this address or topic. False is certain; true
 * may be a coincidence. Source: Yellow Paper, 4.4.3 (three bits of 2048, from the value's hash).
 */
export function bloomMayContain(bloom: Hex, value: Hex): boolean {
  const filter = hexToBytes(bloom);
  const hash = hexToBytes(keccak256(value));
  return [0, 2, 4].every((at) => {
    const bit = (((hash[at] ?? 0) << 8) | (hash[at + 1] ?? 0)) & 2047;
    return ((filter[filter.length - 1 - (bit >> 3)] ?? 0) & (1 << (bit & 7))) !== 0;
  });
}
