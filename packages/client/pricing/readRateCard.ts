import { getRateCard } from "@compute-credits/api/pricing/rateCards";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** One version of a rate card, which never changes. Rates are in micro-credits. */
export type RateCard = AnswerBody<typeof getRateCard>;

/** Reads one rate card by its version. For anyone. */
export async function readRateCard(
  api: Api,
  { version }: { readonly version: number },
  options?: CallOptions,
): Promise<RateCard> {
  return await api.call(getRateCard, { params: { version: `${version}` } }, options);
}
