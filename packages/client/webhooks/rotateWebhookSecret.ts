import { rotateWebhookSecret as route } from "@compute-credits/api/webhooks/webhooks";
import type { Api, CallOptions } from "../http/api.ts";
import type { WebhookWithSecret } from "./createWebhook.ts";

/**
 * Makes a new secret of an endpoint. Deliveries carry a signature of each until the overlap ends.
 * Needs a session of its wallet.
 */
export async function rotateWebhookSecret(
  api: Api,
  {
    id,
    overlapSeconds,
  }: {
    readonly id: string;
    /** how long the old secret signs, too; a day, if absent */
    readonly overlapSeconds?: number;
  },
  options?: CallOptions,
): Promise<WebhookWithSecret> {
  return await api.call(route, { params: { id }, body: { overlapSeconds } }, options);
}
