import { listSegments } from "@compute-credits/api/log/usageLog";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** A part of the published log, with its hash and the signed head of all until then. */
export type LogSegment = AnswerBody<typeof listSegments>["segments"][number];

/** Reads a page of the published log's segments, oldest first, at most 1,000. For auditors. */
export async function readSegments(
  api: Api,
  {
    after,
    limit,
  }: {
    /** the number of the last segment before; the first page without */
    readonly after?: bigint;
    readonly limit?: number;
  } = {},
  options?: CallOptions,
): Promise<readonly LogSegment[]> {
  const from = after === undefined ? {} : { after: `${after}` };
  return (await api.call(listSegments, { query: { ...from, limit } }, options)).segments;
}
