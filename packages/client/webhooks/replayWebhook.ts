import { replayWebhook as route } from "@compute-credits/api/webhooks/webhooks";
import type { AnswerBody } from "@compute-credits/api/route";
import { usable } from "../errors/usable.ts";
import type { Api, CallOptions } from "../http/api.ts";

/** How many events wait to be sent again, and from when the rest is. */
export type Replay = AnswerBody<typeof route>;

/**
 * Sends one event to an endpoint again, or all since a time, with their ids of before. Needs a
 * session of its wallet. Send `nextSince` as `since` until it is `null`.
 */
export async function replayWebhook(
  api: Api,
  {
    id,
    ...what
  }: { readonly id: string } & ({ readonly eventId: string } | { readonly since: Date }),
  options?: CallOptions,
): Promise<Replay> {
  const body = "since" in what ? { since: usable(() => what.since.toISOString()) } : what;
  return await api.call(route, { params: { id }, body }, options);
}
