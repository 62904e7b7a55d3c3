import { listWebhookDeliveries } from "@compute-credits/api/webhooks/webhooks";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { PageOptions } from "../http/pages.ts";

/** A page of what was sent to an endpoint, and what became of it. */
export type Deliveries = AnswerBody<typeof listWebhookDeliveries>;

/** Reads a page of an endpoint's deliveries, newest first. Needs a session of its wallet. */
export async function readDeliveries(
  api: Api,
  { id, ...query }: { readonly id: string } & PageOptions,
  options?: CallOptions,
): Promise<Deliveries> {
  return await api.call(listWebhookDeliveries, { params: { id }, query }, options);
}
