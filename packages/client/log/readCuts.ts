import { listCuts } from "@compute-credits/api/log/usageLog";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** A checkpoint that was cut, dropped or not, and the snapshot that it counts. */
export type Cut = AnswerBody<typeof listCuts>["cuts"][number];

/** Reads a page of the checkpoints that were ever cut, oldest first, at most 100. For auditors. */
export async function readCuts(
  api: Api,
  {
    after,
    limit,
  }: {
    /** the id of the last cut before; the first page without */
    readonly after?: bigint;
    readonly limit?: number;
  } = {},
  options?: CallOptions,
): Promise<readonly Cut[]> {
  const from = after === undefined ? {} : { after: `${after}` };
  return (await api.call(listCuts, { query: { ...from, limit } }, options)).cuts;
}
