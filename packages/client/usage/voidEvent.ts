import type { AnswerBody } from "@compute-credits/api/route";
import { voidEvent as route } from "@compute-credits/api/usage/voids";
import type { Api, CallOptions } from "../http/api.ts";

/** An event that was taken back, and what it had cost, in micro-credits. */
export type VoidedEvent = AnswerBody<typeof route>;

/**
 * Takes a charged event back: each allowance gets its part again. Needs the provider's key. Rejects
 * with `already_settled` or `receipt_given` once a checkpoint or a receipt counts the event. Its id
 * stays used.
 */
export async function voidEvent(
  api: Api,
  { eventId }: { readonly eventId: string },
  options?: CallOptions,
): Promise<VoidedEvent> {
  return await api.call(route, { body: { eventId } }, options);
}
