import { getCheckpoint } from "@compute-credits/api/checkpoints/checkpoints";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** A checkpoint with its signatures and its status. Totals are in micro-credits. */
export type ServerCheckpoint = AnswerBody<typeof getCheckpoint>;

/** Reads one checkpoint as the server knows it. For anyone. */
export async function readServerCheckpoint(
  api: Api,
  { epoch }: { readonly epoch: bigint },
  options?: CallOptions,
): Promise<ServerCheckpoint> {
  return await api.call(getCheckpoint, { params: { epoch: `${epoch}` } }, options);
}
