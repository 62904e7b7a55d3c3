import { openHold } from "@compute-credits/api/holds/holds";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { Sent } from "../http/sent.ts";

/** A hold: what it keeps and what was captured, in micro-credits. */
export type Hold = AnswerBody<typeof openHold>;

/**
 * Work whose cost is set aside; for the holder of an API key, or a spender that gave access. With
 * `lines` in place of `meter` and `quantity`, several kinds of work.
 */
export type HoldRequest = Sent<typeof openHold>["body"];

/**
 * Sets the cost of work aside before it is done: all of it, or nothing. Needs a provider's key. The
 * same request again has the same hold. It ends by itself at `expiresAt`.
 */
export async function hold(api: Api, work: HoldRequest, options?: CallOptions): Promise<Hold> {
  return await api.call(openHold, { body: work }, options);
}
