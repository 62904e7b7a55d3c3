import type { Address, Hex } from "viem";

import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { type Migrations, migrate } from "@compute-credits/platform/postgres/migrate";
import {
  type DatabaseLocation,
  openDatabase,
} from "@compute-credits/platform/postgres/openDatabase";
import { MAINTENANCE_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import { bytea } from "@compute-credits/platform/postgres/values";
import type { Database } from "@compute-credits/platform/postgres/database";

export const AUDITOR_MIGRATIONS: Migrations = {
  program: "auditor",
  folder: new URL("./migrations/", import.meta.url),
  howToRecreate:
    "For the embedded database, stop the auditor and delete the folder `pglite` in AUDITOR_FOLDER; " +
    "for PostgreSQL, create a database and name it in AUDITOR_DATABASE_URL. The auditor then reads " +
    "the log and the chain again from their beginning. It forgets what it signed: wait until the " +
    "chain has a final checkpoint for every epoch that it signed, or it might sign another root.",
};

/** Brings the auditor's schema up to date. Throws `MigrationRefused` if it can't. */
export async function migrateAuditor(database: Database): Promise<void> {
  await migrate(AUDITOR_MIGRATIONS, database);
}

/** Opens the auditor's database and migrates it. Rejects with `MigrationRefused` if it can't. */
export async function openAuditorDatabase(location: DatabaseLocation): Promise<Database> {
  return await openDatabase(location, migrateAuditor, MAINTENANCE_LIMITS);
}

/**
 * The terms that the server announced at this auditor's first start. FEE_BPS can override the fee.
 */
export interface FirstTerms {
  readonly feeBps: bigint;
  readonly maxQuoteSeconds: number;
}

/** Whether the database belongs to an auditor of a deployment already. */
export async function isClaimed(database: Database): Promise<boolean> {
  return (await database.query("select from deployment")).length > 0;
}

/**
 * Claims an empty database for a deployment, or checks that it is claimed for it. Returns the terms
 * announced at the first start. Rejects if the database belongs to another deployment.
 */
export async function claimAuditor(
  database: Database,
  { chainId, contract }: Deployment,
  origin: BlockPoint,
  announced: FirstTerms,
): Promise<FirstTerms> {
  return await database.transaction(async (tx) => {
    await tx.query(
      `insert into deployment (chain_id, contract, block_hash, fee_bps, max_quote_seconds)
       values ($1, $2, $3, $4, $5) on conflict do nothing`,
      [chainId, bytea(contract), bytea(origin.hash), announced.feeBps, announced.maxQuoteSeconds],
    );
    await tx.query(
      "insert into chain_cursor (block_number, block_hash, block_time) values ($1, $2, $3) on conflict do nothing",
      [origin.number, bytea(origin.hash), origin.time],
    );
    await tx.query(
      "insert into position (cut, applied_block) values (0, $1) on conflict do nothing",
      [origin.number],
    );
    const [owner] = await tx.query<{
      chain_id: bigint;
      contract: Address;
      block_hash: Hex;
      fee_bps: bigint;
      max_quote_seconds: number;
    }>("select * from deployment");
    if (
      owner?.chain_id !== BigInt(chainId) ||
      owner.contract !== lowercaseHex(contract) ||
      owner.block_hash !== origin.hash
    ) {
      throw new Error(
        `this database belongs to an auditor of ${owner?.contract} on chain ${owner?.chain_id} ` +
          `(block ${owner?.block_hash}), not of ${contract} on chain ${chainId} ` +
          `(block ${origin.hash}): use another database, or set DEPLOYMENT_BLOCK as it was`,
      );
    }
    return { feeBps: owner.fee_bps, maxQuoteSeconds: owner.max_quote_seconds };
  });
}
