import { reportUtilisation as route } from "@compute-credits/api/pricing/utilisation";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { Sent } from "../http/sent.ts";

/** A dynamic rate, and the step that its multiplier made, in basis points (10,000 is one). */
export type UtilisationStep = AnswerBody<typeof route>;

/**
 * Reports how much of a provider's capacity is in use, in basis points, and moves the multiplier of
 * one dynamic rate. Needs a provider's key. Rejects with `step_too_soon` until the rate may move
 * again; its `retryAfterMs` says when.
 */
export async function reportUtilisation(
  api: Api,
  report: Sent<typeof route>["body"],
  options?: CallOptions,
): Promise<UtilisationStep> {
  return await api.call(route, { body: report }, options);
}
