import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { Database } from "@compute-credits/platform/postgres/database";
import { claimDatabase, isClaimed } from "./stores/chain/claimDatabase.ts";

/**
 * Binds a database to the chain's deployment, or checks that it is bound to it. Returns the block
 * before the deployment, which is in the block `named` or where the contract says. Throws like
 * `claimDatabase` and `ChainReader.origin`.
 */
export async function claimLedger(
  database: Database,
  chain: Pick<ChainReader, "deployment" | "origin">,
  named: bigint | null,
): Promise<BlockPoint> {
  const origin = await chain.origin({ named, isKnown: await isClaimed(database) });
  await claimDatabase(database, chain.deployment, origin);
  return origin;
}
