import { addCheckpointSignature } from "@compute-credits/api/checkpoints/checkpointSignatures";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { Sent } from "../http/sent.ts";

/** All signatures of a checkpoint so far, and how many the contract wants. */
export type CheckpointSignatures = AnswerBody<typeof addCheckpointSignature>;

/**
 * Adds a co-signer's signature to a checkpoint whose root it reproduced. For anyone that has it: it
 * speaks for itself. The same again changes nothing.
 */
export async function cosignCheckpoint(
  api: Api,
  { epoch, ...body }: { readonly epoch: bigint } & Sent<typeof addCheckpointSignature>["body"],
  options?: CallOptions,
): Promise<CheckpointSignatures> {
  return await api.call(addCheckpointSignature, { params: { epoch: `${epoch}` }, body }, options);
}
