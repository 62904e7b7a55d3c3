import { fail } from "../../http/problem.ts";
import type {
  CheckpointStore,
  StoredCheckpoint,
} from "../../stores/checkpoints/checkpointStore.ts";

/** The checkpoint of an epoch. Throws a 404 if it is unknown. */
export async function findCheckpoint(
  checkpoints: Pick<CheckpointStore, "byEpoch">,
  epoch: bigint,
): Promise<StoredCheckpoint> {
  const checkpoint = await checkpoints.byEpoch(epoch);
  if (checkpoint === null) {
    throw fail(
      404,
      "checkpoint_not_found",
      "No checkpoint has this epoch. GET /v1/checkpoints lists them.",
    );
  }
  return checkpoint;
}
