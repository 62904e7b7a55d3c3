import type { Address, Hex } from "viem";

import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { Database } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";

interface Claim {
  readonly chain_id: bigint;
  readonly contract: Address;
  readonly block_hash: Hex;
}

/** Whether the database belongs to a deployment already. */
export async function isClaimed(database: Database): Promise<boolean> {
  return (await database.query("select from deployment")).length > 0;
}

/**
 * Binds an empty database to this deployment, or checks that it is bound to it. Throws if it
 * belongs to another one: two deployments in one ledger would mix the money of two vaults.
 */
export async function claimDatabase(
  database: Database,
  { chainId, contract }: Deployment,
  origin: BlockPoint,
): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query(
      `insert into deployment (chain_id, contract, block_number, block_hash) values ($1, $2, $3, $4)
       on conflict do nothing`,
      [chainId, bytea(contract), origin.number, bytea(origin.hash)],
    );
    await tx.query(
      `insert into chain_cursor (block_number, block_hash, block_time) values ($1, $2, $3)
         on conflict do nothing`,
      [origin.number, bytea(origin.hash), origin.time],
    );

    const [owner] = await tx.query<Claim>("select chain_id, contract, block_hash from deployment");
    const isOurs =
      owner?.chain_id === BigInt(chainId) &&
      owner.contract === lowercaseHex(contract) &&
      owner.block_hash === origin.hash;
    if (!isOurs) {
      throw new Error(
        `this database belongs to the deployment ${owner?.contract} on chain ${owner?.chain_id} ` +
          `(block ${owner?.block_hash}), not to ${contract} on chain ${chainId} ` +
          `(block ${origin.hash}): give this deployment a database of its own, ` +
          "or set DEPLOYMENT_BLOCK as it was",
      );
    }
  });
}
