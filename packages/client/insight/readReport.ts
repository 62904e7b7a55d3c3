import { getReport } from "@compute-credits/api/insight/report";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import { type Range, rangeQuery } from "./range.ts";

/** What is owed now, and the fees of a range, in micro-credits and the token's units. */
export type Report = AnswerBody<typeof getReport>;

/**
 * Reads what the operator owes and earned, and whether the books agree with the chain. For
 * operators and auditors.
 */
export async function readReport(
  api: Api,
  range: Range = {},
  options?: CallOptions,
): Promise<Report> {
  return await api.call(getReport, { query: rangeQuery(range) }, options);
}
