import type { Request } from "express";

import type { Permit } from "../../http/permit.ts";
import { type ProblemError, fail } from "../../http/problem.ts";
import type { Webhooks } from "../../openWebhooks.ts";
import type { Webhook, WebhookOwner } from "../../stores/webhooks/webhookStore.ts";

/** Each party manages its own: an operator neither reads nor changes an account's webhooks. */
const CALLER_OF = {
  account: "owner",
  provider: "theProvider",
  operator: "operator",
} as const;

/** Rejects with a 401 or a 403 unless the owner of such webhooks sent the request. */
export async function checkOwner(permit: Permit, req: Request, owner: WebhookOwner): Promise<void> {
  await permit.check(...subjectOf(owner, req));
}

/**
 * Finds a webhook of the party that sent the request. Another party's is as one that does not
 * exist. Rejects with a 404, or with a 401 without credentials.
 */
export async function findWebhook(
  id: string,
  req: Request,
  { permit, webhooks }: { readonly permit: Permit; readonly webhooks: Webhooks },
): Promise<Webhook> {
  const webhook = (await webhooks.sending?.store.find(id)) ?? null;
  // A request without credentials is told so, whether it exists or not.
  const owner = webhook?.owner ?? { party: "operator", address: null };
  const isOwn = await permit.isPermitted(...subjectOf(owner, req));
  if (webhook === null || !isOwn) throw notFound();
  return webhook;
}

/** What webhooks are kept and sent with. Throws a 501 if this server has no key for them. */
export function sendingOf({ sending }: Webhooks): NonNullable<Webhooks["sending"]> {
  if (sending !== null) return sending;
  throw fail(
    501,
    "webhooks_not_offered",
    "This server sends no webhooks: the operator must set WEBHOOK_KEY_FILE first.",
  );
}

export function notFound(): ProblemError {
  return fail(404, "webhook_not_found", "You have no webhook with this id. Check it.");
}

function subjectOf({ party, address }: WebhookOwner, req: Request) {
  const route = { callers: [CALLER_OF[party]] } as const;
  const subject =
    party === "account" ? { account: address } : party === "provider" ? { provider: address } : {};
  return [route, req, subject] as const;
}
