import { testWebhook as route } from "@compute-credits/api/webhooks/webhooks";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/**
 * Sends an endpoint a test event; `readDeliveries` has what became of it. Needs a session of its
 * wallet.
 */
export async function testWebhook(
  api: Api,
  { id }: { readonly id: string },
  options?: CallOptions,
): Promise<AnswerBody<typeof route>> {
  return await api.call(route, { params: { id } }, options);
}
