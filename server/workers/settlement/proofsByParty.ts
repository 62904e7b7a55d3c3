import type { Address } from "viem";

import type { ProvenRow } from "@compute-credits/platform/chain/chainWriter";
import type { CheckpointStore } from "../../stores/checkpoints/checkpointStore.ts";

/** The rows of a checkpoint with their proofs, by party. A party without a row has no entry. */
export async function proofsByParty(
  checkpoints: Pick<CheckpointStore, "proofs">,
  id: bigint,
  parties: readonly Address[],
): Promise<ReadonlyMap<Address, ProvenRow>> {
  const proofs = await checkpoints.proofs(id, parties);
  return new Map(proofs.map((shown) => [shown.row.party, shown]));
}
