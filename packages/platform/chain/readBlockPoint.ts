import { createPublicClient } from "viem";

import { type BlockPoint, readPoint } from "./blockPoint.ts";
import { rpcTransport } from "./viemChainReader.ts";

/** Reads a block's number, hash and time from the first endpoint that answers. */
export async function readBlockPoint(
  rpcUrls: readonly string[],
  blockNumber: bigint,
  timeoutMs: number,
): Promise<BlockPoint> {
  const client = createPublicClient({ transport: rpcTransport(rpcUrls, timeoutMs) });
  return await readPoint(client, blockNumber);
}
