import { getRows } from "@compute-credits/api/checkpoints/checkpoints";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** A checkpoint with all of its rows, in the order of the tree, in micro-credits. */
export type CheckpointRows = AnswerBody<typeof getRows>;

/**
 * Reads the rows of a checkpoint of up to 10,000 parties. For anyone. `downloadTable` reads larger
 * ones, and checks them.
 */
export async function readRows(
  api: Api,
  { epoch }: { readonly epoch: bigint },
  options?: CallOptions,
): Promise<CheckpointRows> {
  return await api.call(getRows, { params: { epoch: `${epoch}` } }, options);
}
