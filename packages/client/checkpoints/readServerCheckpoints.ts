import { listCheckpoints } from "@compute-credits/api/checkpoints/checkpoints";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { PageOptions } from "../http/pages.ts";

/** A page of checkpoints with their signatures. Totals are in micro-credits. */
export type ServerCheckpoints = AnswerBody<typeof listCheckpoints>;

/**
 * Reads a page of the checkpoints as the server knows them, newest first, at most 100. For anyone.
 * `readCheckpoints` reads what the chain has.
 */
export async function readServerCheckpoints(
  api: Api,
  { cursor, limit }: PageOptions = {},
  options?: CallOptions,
): Promise<ServerCheckpoints> {
  return await api.call(listCheckpoints, { query: { cursor, limit } }, options);
}
