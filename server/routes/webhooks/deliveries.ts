import { Router } from "express";

import { WEBHOOKS } from "@compute-credits/api/bounds";
import {
  listWebhookDeliveries,
  replayWebhook,
  testWebhook,
} from "@compute-credits/api/webhooks/webhooks";
import { mount } from "../../http/mount.ts";
import { boundedPage } from "../../http/page.ts";
import type { Permit } from "../../http/permit.ts";
import { fail } from "../../http/problem.ts";
import type { Webhooks } from "../../openWebhooks.ts";
import type { ListedDelivery } from "../../stores/webhooks/deliveryStore.ts";
import type { Webhook } from "../../stores/webhooks/webhookStore.ts";
import { findWebhook } from "./webhookAccess.ts";

export interface WebhookDeliveryDeps {
  readonly webhooks: Webhooks;
  readonly permit: Permit;
}

/** What was sent to an endpoint, and sending it again. */
export function webhookDeliveryRoutes({ webhooks, permit }: WebhookDeliveryDeps): Router {
  const router = Router();
  const { deliveries } = webhooks;

  mount(router, listWebhookDeliveries, async ({ req, read, answer }) => {
    const { params } = read();
    const { id } = await findWebhook(params.id, req, { permit, webhooks });
    const { query } = read();
    const { cursor: before = null, limit } = query;
    const page = await deliveries.list(id, { before, limit });
    const { shown, last } = boundedPage(page, limit, describe);
    return answer(200, { deliveries: shown, nextCursor: last === undefined ? null : `${last.id}` });
  });

  mount(router, replayWebhook, async ({ req, read, answer }) => {
    const { params } = read();
    const webhook = await findWebhook(params.id, req, { permit, webhooks });
    const { body } = read();
    checkEnabled(webhook);
    if ("since" in body) {
      const { since } = body;
      return answer(200, await deliveries.replaySince(webhook.id, since, WEBHOOKS.perReplay));
    }
    if (!(await deliveries.replay(webhook.id, body.eventId))) {
      throw fail(
        404,
        "webhook_event_not_found",
        "This webhook has no such event, or it is too old. Take an eventId of its deliveries.",
      );
    }
    return answer(200, { replayed: 1, nextSince: null });
  });

  mount(router, testWebhook, async ({ req, read, answer }) => {
    const webhook = await findWebhook(read().params.id, req, { permit, webhooks });
    checkEnabled(webhook);
    const eventId = await deliveries.test(webhook.id, WEBHOOKS.waitingBeforeTest);
    if (eventId !== null) return answer(201, { eventId });
    throw fail(
      429,
      "too_many_deliveries",
      `${WEBHOOKS.waitingBeforeTest} deliveries wait already. Wait until the endpoint took them.`,
      { limit: WEBHOOKS.waitingBeforeTest },
    );
  });

  return router;
}

function checkEnabled({ disabledAt, disabledAs }: Webhook): void {
  if (disabledAt === null) return;
  throw fail(
    409,
    "webhook_disabled",
    `The webhook is disabled since ${disabledAt.toISOString()} (${disabledAs}). ` +
      "Enable it first: send enabled.",
  );
}

function describe({ id, ...delivery }: ListedDelivery) {
  return { id: `${id}`, ...delivery };
}
