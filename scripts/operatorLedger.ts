import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { createChainReader } from "@compute-credits/platform/chain/viemChainReader";
import type { Database } from "@compute-credits/platform/postgres/database";
import { openDatabase } from "@compute-credits/platform/postgres/openDatabase";
import type { SessionLimits } from "@compute-credits/platform/postgres/sessionLimits";
import { claimLedger } from "../server/claimLedger.ts";
import type { Config } from "../server/config.ts";
import { migrateLedger } from "../server/stores/migrateLedger.ts";

/** A server's ledger and chain, for a command that an operator runs. */
export interface OperatorLedger {
  readonly chain: ChainReader;
  readonly database: Database;
  /** the block before the deployment */
  readonly origin: BlockPoint;
}

/** Opens the ledger that a server's settings name. `stack` closes it. */
export async function openOperatorLedger(
  { rpcUrls, contract, rpcTimeoutMs, database: location, deploymentBlock }: Config,
  limits: SessionLimits,
  stack: AsyncDisposableStack,
): Promise<OperatorLedger> {
  const chain = await createChainReader(rpcUrls, contract, rpcTimeoutMs);
  const database = await openDatabase(location, migrateLedger, limits);
  stack.defer(() => database.close());
  return { chain, database, origin: await claimLedger(database, chain, deploymentBlock) };
}
