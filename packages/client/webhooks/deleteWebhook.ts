import { deleteWebhook as route } from "@compute-credits/api/webhooks/webhooks";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** Deletes an endpoint and its deliveries, for good. Needs a session of its wallet. */
export async function deleteWebhook(
  api: Api,
  { id }: { readonly id: string },
  options?: CallOptions,
): Promise<AnswerBody<typeof route>> {
  return await api.call(route, { params: { id } }, options);
}
