import { makeQuote } from "@compute-credits/api/pricing/quotes";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { Sent } from "../http/sent.ts";

/** A price that the server signed, in micro-credits, rounded up. */
export type Quote = AnswerBody<typeof makeQuote>;

/**
 * Asks for a signed price of one account's work at one provider. A hold with it as `quote` is
 * charged at it until it expires. For the account's owner, a spender that accepted it, and the
 * provider.
 */
export async function quote(
  api: Api,
  work: Sent<typeof makeQuote>["body"],
  options?: CallOptions,
): Promise<Quote> {
  return await api.call(makeQuote, { body: work }, options);
}
