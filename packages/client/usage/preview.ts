import type { AnswerBody } from "@compute-credits/api/route";
import { previewUsage } from "@compute-credits/api/usage/previews";
import type { Api, CallOptions } from "../http/api.ts";
import type { Sent } from "../http/sent.ts";

/** For each measurement what it would cost, in micro-credits, or what would refuse it. */
export type Previews = AnswerBody<typeof previewUsage>;

/** Work that was measured, or will be: a spender names the provider, a provider the spender. */
export type PreviewRequest = Sent<typeof previewUsage>["body"];

/**
 * Asks whether work could be paid now, and charges nothing. For a spender (its key, or its wallet's
 * session) and for a provider (its key). The credits are not kept: `hold` keeps them.
 */
export async function preview(
  api: Api,
  work: PreviewRequest,
  options?: CallOptions,
): Promise<Previews> {
  return await api.call(previewUsage, { body: work }, options);
}
