import { z } from "zod";

import { parse } from "../../http/parse.ts";
import { fail } from "../../http/problem.ts";
import type {
  CheckpointStore,
  StoredCheckpoint,
} from "../../stores/checkpoints/checkpointStore.ts";

export const EpochField = z
  .string()
  .regex(/^[1-9]\d{0,17}$/, "must be an epoch: 1 or more")
  .transform(BigInt);

/** The checkpoint that a path names. Throws a 400 if it is no epoch, a 404 if it is unknown. */
export async function findCheckpoint(
  checkpoints: Pick<CheckpointStore, "byEpoch">,
  epoch: string,
): Promise<StoredCheckpoint> {
  const checkpoint = await checkpoints.byEpoch(parse(EpochField, epoch));
  if (checkpoint === null) {
    throw fail(
      404,
      "checkpoint_not_found",
      "No checkpoint has this epoch. GET /v1/checkpoints lists them.",
    );
  }
  return checkpoint;
}
