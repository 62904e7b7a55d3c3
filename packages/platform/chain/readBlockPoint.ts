import { createPublicClient } from "viem";

import type { BlockPoint } from "./blockPoint.ts";
import { rpcTransport } from "./viemChainReader.ts";

/** Reads a block's number, hash and time from the first endpoint that answers. */
export async function readBlockPoint(
  rpcUrls: readonly string[],
  blockNumber: bigint,
  timeoutMs: number,
): Promise<BlockPoint> {
  const client = createPublicClient({ transport: rpcTransport(rpcUrls, timeoutMs) });
  const { number, hash, timestamp } = await client.getBlock({ blockNumber });
  return { number, hash, time: new Date(Number(timestamp) * 1000) };
}
