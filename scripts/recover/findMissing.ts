import type { Hex } from "viem";

import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { exportJournals } from "@compute-credits/platform/signing/journalExchange";
import { type JournalOwner, isSameLedger } from "@compute-credits/platform/signing/journalLine";
import type { CheckpointStore } from "../../server/stores/checkpoints/checkpointStore.ts";

/** The newest checkpoint that a key of this operator has signed. */
export interface SignedCheckpoint {
  readonly address: Hex;
  readonly epoch: bigint;
  readonly root: Hex;
}

/** Reads what the keys whose journals are in a folder signed last for a ledger. */
export async function readSigned(
  journalFolder: string,
  ledger: Omit<JournalOwner, "address">,
): Promise<readonly SignedCheckpoint[]> {
  const { journals } = await exportJournals(journalFolder);
  return journals.flatMap(({ address, last: { epoch, root }, ...owner }) =>
    isSameLedger(owner, ledger) && root !== null ? { address, epoch, root } : [],
  );
}

/** Describes the signed checkpoints, and the chain's newest one, that a ledger does not have. */
export async function findMissing(
  checkpoints: Pick<CheckpointStore, "isKnown">,
  chain: Pick<ChainReader, "latestCheckpoint">,
  signed: readonly SignedCheckpoint[],
): Promise<readonly string[]> {
  const missing: string[] = [];
  const newest = await chain.latestCheckpoint();
  if (newest.epoch > 0n && !(await checkpoints.isKnown(newest.epoch, newest.root))) {
    missing.push(`the chain's checkpoint ${newest.root} of epoch ${newest.epoch}`);
  }
  for (const { address, epoch, root } of signed) {
    // oxlint-disable-next-line no-await-in-loop -- a handful of keys
    if (await checkpoints.isKnown(epoch, root)) continue;
    missing.push(`${root} of epoch ${epoch}, which ${address} signed`);
  }
  return missing;
}
