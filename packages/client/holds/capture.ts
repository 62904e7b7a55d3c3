import { captureHold } from "@compute-credits/api/holds/holds";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { Sent } from "../http/sent.ts";

/** What a capture cost, in micro-credits, and the hold after it. */
export type Capture = AnswerBody<typeof captureHold>;

/**
 * Charges what the work took, up to what is held, at the rates of the hold. Rounds up to a
 * micro-credit. Needs a provider's key. Returns the rest, unless `final` is false. With `lines`,
 * charges several of the hold's lines, all or none. The same `eventId` again has the first outcome,
 * with `repeated`.
 */
export async function capture(
  api: Api,
  { id, ...body }: { readonly id: string } & Sent<typeof captureHold>["body"],
  options?: CallOptions,
): Promise<Capture> {
  return await api.call(captureHold, { params: { id }, body }, options);
}
