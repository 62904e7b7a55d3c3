import type { Address } from "viem";

import { explainEventById } from "@compute-credits/api/insight/explain";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** Why an event cost what it cost, in micro-credits: the rate, the rounding, and who paid. */
export type Explanation = AnswerBody<typeof explainEventById>;

/**
 * Explains the cost of one event. For its provider, its spender, and accounts that paid, which read
 * their own charges only; for operators and auditors.
 */
export async function explain(
  api: Api,
  { provider, eventId }: { readonly provider: Address; readonly eventId: string },
  options?: CallOptions,
): Promise<Explanation> {
  // In the query, because URLs lose ids such as ".." from a path.
  return await api.call(explainEventById, { params: { provider }, query: { eventId } }, options);
}
