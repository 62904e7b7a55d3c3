import { listWebhooks } from "@compute-credits/api/webhooks/webhooks";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { Sent } from "../http/sent.ts";

/** An endpoint that gets events, without its secret. */
export type Webhook = AnswerBody<typeof listWebhooks>["webhooks"][number];

/**
 * Reads the endpoints of an account, a provider or the operator, oldest first. Needs a session of
 * its wallet.
 */
export async function readWebhooks(
  api: Api,
  owner: NonNullable<Sent<typeof listWebhooks>["query"]>,
  options?: CallOptions,
): Promise<readonly Webhook[]> {
  return (await api.call(listWebhooks, { query: owner }, options)).webhooks;
}
