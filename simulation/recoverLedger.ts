import { claimAuditor, migrateAuditor } from "../auditor/store/claimAuditor.ts";
import { openMirrorFolder } from "../auditor/mirror/mirrorFolder.ts";
import { indexNextBlocks } from "@compute-credits/platform/chain/indexer";
import type { Database } from "@compute-credits/platform/postgres/database";
import { openPgliteDatabase } from "@compute-credits/platform/postgres/pgliteDatabase";
import { bytea } from "@compute-credits/platform/postgres/values";
import { restoreLedger } from "../scripts/recover/restoreLedger.ts";
import { createChainStore } from "../server/stores/chain/postgresChainStore.ts";
import type { SimulatedChain } from "./chain.ts";
import { FIRST_TERMS, audit } from "./followingAuditor.ts";
import { DEPLOYMENT, ORIGIN, SIGNED_BY_CONTRACT } from "./parties.ts";

/** Brings an older copy of the ledger up to the copy of its log, as `npm run recover` does. */
export async function recoverLedger(
  database: Database,
  chain: SimulatedChain,
  folder: string,
): Promise<void> {
  const scratch = await openPgliteDatabase();
  try {
    await migrateAuditor(scratch);
    await claimAuditor(scratch, DEPLOYMENT, ORIGIN, FIRST_TERMS);
    await restoreLedger({
      ...audit,
      database,
      scratch,
      folder: await openMirrorFolder(folder),
      chainSource: () => chain,
      blockPoint: (number) => Promise.resolve(chain.point(number)),
      isSigned: () => false,
      acceptsFindings: false,
    });
  } finally {
    await scratch.close();
  }
  // A server looks at the signatures when it starts.
  await database.query(
    "update signed_allowances set by_contract = signature = $1 where by_contract is null",
    [bytea(SIGNED_BY_CONTRACT)],
  );
  // The log names blocks with events only. The indexer reads those after the last one again.
  const store = createChainStore(database);
  // oxlint-disable-next-line no-await-in-loop -- one block after the other
  while ((await indexNextBlocks(chain, store)) === "more");
}
