import { previewPrices as route } from "@compute-credits/api/pricing/prices";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { Sent } from "../http/sent.ts";

/** For each measurement its price, in micro-credits, rounded up, or why it has none. */
export type Prices = AnswerBody<typeof route>;

/**
 * Asks what work would cost, and why; charges nothing. For anyone without an `account`; with one for
 * its owner, a spender that accepted it, and the provider.
 */
export async function previewPrices(
  api: Api,
  work: Sent<typeof route>["body"],
  options?: CallOptions,
): Promise<Prices> {
  return await api.call(route, { body: work }, options);
}
