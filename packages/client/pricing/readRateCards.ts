import type { Address } from "viem";

import { listRateCards } from "@compute-credits/api/pricing/rateCards";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { PageOptions } from "../http/pages.ts";

/** A page of rate cards. Rates are in micro-credits. */
export type RateCards = AnswerBody<typeof listRateCards>;

/** Reads a page of the rate cards, newest version first, at most 100. For anyone. */
export async function readRateCards(
  api: Api,
  {
    provider,
    cursor,
    limit,
  }: {
    /** only of this provider, or of the operator; of all, if absent */
    readonly provider?: Address | "operator";
  } & PageOptions = {},
  options?: CallOptions,
): Promise<RateCards> {
  return await api.call(listRateCards, { query: { provider, cursor, limit } }, options);
}
