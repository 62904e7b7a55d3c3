import { readLog as route } from "@compute-credits/api/log/usageLog";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** A page of the usage log's entries. */
export type LogPage = AnswerBody<typeof route>;

/**
 * Reads a page of the usage log: the entries that the snapshot `upTo` sees and `since` does not. For
 * auditors. Send `nextCursor` as `after`, and `upTo` of the answer, for the next page.
 */
export async function readLog(
  api: Api,
  {
    since,
    upTo,
    after,
    seen,
    limit,
  }: {
    /** the log's beginning, if absent */
    readonly since?: string;
    /** now, if absent */
    readonly upTo?: string;
    readonly after?: string;
    /** the transaction of the newest entry that the reader has: rejects with `log_behind` without it */
    readonly seen?: string;
    readonly limit?: number;
  } = {},
  options?: CallOptions,
): Promise<LogPage> {
  return await api.call(route, { query: { since, upTo, after, seen, limit } }, options);
}
