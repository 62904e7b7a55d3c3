import type { Hex, PublicClient } from "viem";

/** The last block that the ledger has recorded; it has recorded all blocks before it too. */
export interface BlockPoint {
  readonly number: bigint;
  readonly hash: Hex;
  readonly time: Date;
}

/** Reads a block's number, hash and time. */
export async function readPoint(
  client: Pick<PublicClient, "getBlock">,
  blockNumber: bigint,
): Promise<BlockPoint> {
  const { hash, timestamp } = await client.getBlock({ blockNumber });
  return { number: blockNumber, hash, time: new Date(Number(timestamp) * 1000) };
}
