import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { readBlockPoint } from "@compute-credits/platform/chain/readBlockPoint";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import type { Database } from "@compute-credits/platform/postgres/database";
import { claimAuditor, isClaimed, openAuditorDatabase } from "../../auditor/store/claimAuditor.ts";
import type { Config } from "../../server/config.ts";
import { openChainSource } from "../../server/openChain.ts";
import type { SignedCheckpoint } from "./findMissing.ts";
import { openCopy } from "./openCopy.ts";
import { restoreLedger } from "./restoreLedger.ts";

export interface CopyOptions {
  /** the mirror's folder, and other copies that may vouch for it */
  readonly folders: readonly string[];
  readonly acceptsUnsigned: boolean;
  readonly acceptsFindings: boolean;
  /** of an empty PostgreSQL database for the replay; `null` for an embedded one */
  readonly scratchUrl: string | null;
}

export interface RecoverDeps {
  readonly config: Config;
  readonly chain: ChainReader;
  readonly database: Database;
  readonly origin: BlockPoint;
  readonly signed: readonly SignedCheckpoint[];
}

/** Replays a copy of the log and brings the ledger to its end. Says what it did. */
export async function recoverFromCopy(
  { config, chain, database, origin, signed }: RecoverDeps,
  { folders, acceptsUnsigned, acceptsFindings, scratchUrl }: CopyOptions,
): Promise<void> {
  const { copy: folder, ...mirrored } = await openCopy(folders, chain, acceptsUnsigned);
  const { upTo, signedUpTo } = mirrored;
  console.log(`The copy has ${upTo} segments; signers vouch for it up to segment ${signedUpTo}.`);
  await using stack = new AsyncDisposableStack();
  const scratch = await openScratch(scratchUrl, stack);
  const { feeBps, limits, settlement, rpcUrls, rpcTimeoutMs } = config;
  const { maxQuoteSeconds } = limits;
  await claimAuditor(scratch, chain.deployment, origin, { feeBps, maxQuoteSeconds });
  const { maxFeeBps, counterGraceSeconds } = await chain.terms();

  const court = await chain.court();

  const { entries, checkpoints, findingCount } = await restoreLedger({
    database,
    scratch,
    folder,
    chain,
    chainSource: (passed) => openChainSource(config, court, database, passed),
    blockPoint: (number) => readBlockPoint(rpcUrls, number, rpcTimeoutMs),
    acceptsFindings,
    isSigned: (epoch, root) => signed.some((one) => one.epoch === epoch && one.root === root),
    terms: {
      fees: [{ feeBps, from: null }],
      maxFeeBps,
      maxQuoteSeconds,
      maxLagSeconds: Number.MAX_SAFE_INTEGER,
      writeOffAccount: settlement?.writeOffAccount ?? null,
      counterGraceSeconds,
      releasedEpoch: null,
    },
  });
  console.log(
    `Recorded ${entries} log entries that the database lacked. Every checkpoint of the copy ` +
      `(${checkpoints}) came out with its root, and the log with the copy's hashes.`,
  );
  if (findingCount > 0) console.log(`An auditor would object ${findingCount} times.`);
}

async function openScratch(url: string | null, stack: AsyncDisposableStack): Promise<Database> {
  if (url === null) {
    const folder = await mkdtemp(join(tmpdir(), "compute-credits-recovery-"));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const database = await openAuditorDatabase({ folder });
    stack.defer(() => database.close());
    return database;
  }
  const database = await openAuditorDatabase({ url, connections: 4 });
  stack.defer(() => database.close());
  if (await isClaimed(database)) {
    throw new UsageError(
      "The database of --scratch is an auditor's, or was used: name an empty one.",
    );
  }
  return database;
}
