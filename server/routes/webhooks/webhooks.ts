import { Router } from "express";
import type { Address } from "viem";

import type { RequestOf } from "@compute-credits/api/route";
import { EVENT_KINDS, type NamedKind, type Party } from "@compute-credits/api/webhooks/eventKinds";
import {
  createWebhook,
  deleteWebhook,
  listWebhooks,
  rotateWebhookSecret,
  updateWebhook,
} from "@compute-credits/api/webhooks/webhooks";
import { type SentThresholds, decideThresholds } from "@compute-credits/rules/webhooks/thresholds";
import { mount } from "../../http/mount.ts";
import type { Permit } from "../../http/permit.ts";
import { fail } from "../../http/problem.ts";
import { answerHoldsSecret } from "../../http/secretAnswer.ts";
import type { Webhooks } from "../../openWebhooks.ts";
import type { ApprovalStore } from "../../stores/providers/approvalStore.ts";
import type { Webhook, WebhookOwner, WebhookTerms } from "../../stores/webhooks/webhookStore.ts";
import { checkOwner, findWebhook, notFound, sendingOf } from "./webhookAccess.ts";

export interface WebhookDeps {
  readonly webhooks: Webhooks;
  readonly approvals: Pick<ApprovalStore, "isApproved">;
  readonly permit: Permit;
}

/** Endpoints that get events, each managed by the party whose events it gets. */
export function webhookRoutes({ webhooks, approvals, permit }: WebhookDeps): Router {
  const router = Router();

  mount(router, createWebhook, async ({ req, res, read, answer }) => {
    const { body } = read();
    const owner = ownerOf(body.owner);
    await checkOwner(permit, req, owner);
    const { store } = sendingOf(webhooks);
    checkUrl(body.url);
    const terms = termsFor(owner, body);
    await checkApproved(owner);
    const created = await store.create(owner, terms);
    if (created.result === "created") {
      const { webhook, secret } = created;
      answerHoldsSecret(res, webhook.id);
      res.set("Cache-Control", "no-store");
      return answer(201, { webhook: describe(webhook), secret });
    }
    switch (created.reason) {
      case "too_many_webhooks":
        throw fail(
          429,
          "too_many_webhooks",
          `There are ${created.limit} webhooks, which is the maximum. Delete one first.`,
          { limit: created.limit },
        );
      case "account_without_purchases":
        throw fail(
          409,
          "account_without_purchases",
          "This account has never bought credits, so nothing happens to it. Buy some first.",
        );
      default:
        return created satisfies never;
    }
  });

  mount(router, listWebhooks, async ({ req, read, answer }) => {
    const { party, address } = read().query;
    const owner = ownerOf({ party, address });
    await checkOwner(permit, req, owner);
    const found = (await webhooks.sending?.store.ofOwner(owner)) ?? [];
    return answer(200, { webhooks: found.map(describe) });
  });

  mount(router, updateWebhook, async ({ req, read, answer }) => {
    const { params } = read();
    const webhook = await findWebhook(params.id, req, { permit, webhooks });
    const { body } = read();
    if (body.url !== undefined) checkUrl(body.url);
    const terms = changedTerms(webhook, body);
    const updated = await sendingOf(webhooks).store.update(webhook, terms, body.enabled);
    if (updated === null) throw notFound();
    return answer(200, { webhook: describe(updated) });
  });

  mount(router, deleteWebhook, async ({ req, read, answer }) => {
    const webhook = await findWebhook(read().params.id, req, { permit, webhooks });
    if (!(await sendingOf(webhooks).store.remove(webhook))) throw notFound();
    return answer(200, { id: webhook.id });
  });

  mount(router, rotateWebhookSecret, async ({ req, res, read, answer }) => {
    const { params } = read();
    const { id } = await findWebhook(params.id, req, { permit, webhooks });
    const { body } = read();
    const rotated = await sendingOf(webhooks).store.rotate(id, body.overlapSeconds);
    if (rotated === null) throw notFound();
    answerHoldsSecret(res, id);
    res.set("Cache-Control", "no-store");
    return answer(201, { webhook: describe(rotated.webhook), secret: rotated.secret });
  });

  function checkUrl(url: string): void {
    const refusal = sendingOf(webhooks).poster.refusalOf(url);
    if (refusal === null) return;
    throw fail(
      422,
      "webhook_url_refused",
      `Nothing is sent to this URL: ${refusal}. Use an https URL of a public host, ` +
        "or ask the operator: WEBHOOK_NETWORKS.",
    );
  }

  async function checkApproved({ party, address }: WebhookOwner): Promise<void> {
    if (party !== "provider" || (await approvals.isApproved(address))) return;
    throw fail(
      403,
      "provider_not_approved",
      "The operator has not approved this provider yet. Ask the operator first.",
    );
  }

  return router;
}

function ownerOf({
  party,
  address,
}: {
  readonly party: Party;
  readonly address?: Address | undefined;
}): WebhookOwner {
  if (party === "operator") return { party, address: null };
  if (address !== undefined) return { party, address };
  throw fail(422, "webhook_refused", `Send the address of the ${party}.`);
}

function termsFor(
  { party }: WebhookOwner,
  {
    url,
    description,
    events,
    thresholds: sent,
  }: Omit<WebhookTerms, "thresholds"> & { readonly thresholds: SentThresholds },
): WebhookTerms {
  const foreign = events.find((kind) => !partiesOf(kind).includes(party));
  if (foreign !== undefined) {
    throw fail(422, "webhook_refused", `The event ${foreign} is none of the ${party}'s.`);
  }
  const decided = decideThresholds(events, sent);
  if ("mistake" in decided) throw fail(422, "webhook_refused", decided.mistake);
  return { url, description, events: [...new Set(events)], thresholds: decided.thresholds };
}

function partiesOf(kind: NamedKind): readonly Party[] {
  return EVENT_KINDS[kind].parties;
}

/** Thresholds of events that the change takes away go with them. */
function changedTerms(
  webhook: Webhook,
  body: RequestOf<typeof updateWebhook>["body"],
): WebhookTerms {
  const { url = webhook.url, description = webhook.description, events = webhook.events } = body;
  const { thresholds: kept } = webhook;
  const thresholds = body.thresholds ?? {
    ...(events.includes("balance.low") && {
      balanceBelowMicros: kept.balanceBelowMicros ?? undefined,
    }),
    ...(events.includes("runway.short") && {
      runwayBelowSeconds: kept.runwayBelowSeconds ?? undefined,
    }),
    ...(events.includes("budget.reached") && { budgetPercents: kept.budgetPercents ?? undefined }),
    ...(events.includes("allowance.expiring") && {
      expiringWithinSeconds: kept.expiringWithinSeconds ?? undefined,
    }),
  };
  return termsFor(webhook.owner, { url, description, events, thresholds });
}

function describe({ owner, ...webhook }: Webhook) {
  return { ...webhook, ...owner };
}
