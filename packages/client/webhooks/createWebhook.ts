import { createWebhook as route } from "@compute-credits/api/webhooks/webhooks";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { Sent } from "../http/sent.ts";

/** A webhook, and the secret that signs its deliveries, which no other answer has. */
export type WebhookWithSecret = AnswerBody<typeof route>;

/**
 * Adds an endpoint that gets events of an account, a provider or the operator. Needs a session of
 * its wallet. Rejects if the answer with the secret was lost: the list then has the webhook, and
 * `rotateWebhookSecret` makes another secret.
 */
export async function createWebhook(
  api: Api,
  webhook: Sent<typeof route>["body"],
  options?: CallOptions,
): Promise<WebhookWithSecret> {
  return await api.call(route, { body: webhook }, options);
}
