/** Whether the chain goes on, as far as its confirmed blocks show. */
export interface ChainHead {
  /** Takes note of the newest confirmed block that the ledger has. */
  saw(block: bigint): void;
  /** what is wrong, or `null` */
  error(): string | null;
}

/**
 * Watches that confirmed blocks keep coming. An endpoint that answers, and always with the same
 * head, looks healthy to all others: purchases are not seen, and checkpoints not final.
 * `stallSeconds` is 0 for a chain that makes a block only for each transaction.
 */
export function createChainHead(
  stallSeconds: number,
  now: () => number = () => performance.now(),
): ChainHead {
  let newest: bigint | null = null;
  let since = now();
  return {
    saw(block) {
      if (block === newest) return;
      newest = block;
      since = now();
    },
    error() {
      const seconds = Math.floor((now() - since) / 1_000);
      if (stallSeconds === 0 || seconds <= stallSeconds) return null;
      const last =
        newest === null ? "no confirmed block was read" : `block ${newest} is the newest`;
      return `${last} since ${seconds} s: check the endpoints in RPC_URL, or raise CHAIN_STALL_SECONDS`;
    },
  };
}
