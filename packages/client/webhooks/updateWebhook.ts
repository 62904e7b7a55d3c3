import { updateWebhook as route } from "@compute-credits/api/webhooks/webhooks";
import type { Api, CallOptions } from "../http/api.ts";
import type { Sent } from "../http/sent.ts";
import type { Webhook } from "./readWebhooks.ts";

/**
 * Changes an endpoint: what is absent stays, and `thresholds` replaces all of them, in
 * micro-credits and seconds. `enabled` ends a pause, or begins one. Needs a session of its wallet.
 */
export async function updateWebhook(
  api: Api,
  { id, ...changes }: { readonly id: string } & Sent<typeof route>["body"],
  options?: CallOptions,
): Promise<Webhook> {
  return (await api.call(route, { params: { id }, body: changes }, options)).webhook;
}
