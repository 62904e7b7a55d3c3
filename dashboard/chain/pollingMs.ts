/** Milliseconds between two questions for a new block. The local chain has a block at once. */
export function pollingMs(chainId: number): number {
  return chainId === 31_337 ? 250 : 4_000;
}
