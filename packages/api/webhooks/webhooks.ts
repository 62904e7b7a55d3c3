import { z } from "zod";

import { AddressField, TimeField } from "@compute-credits/protocol/json/fields";
import { LABEL_CHARACTERS, MAX_OVERLAP_SECONDS, PAGES, WEBHOOKS } from "../bounds.ts";
import { EXAMPLE } from "../examples.ts";
import { AddressText, NextCursor, NumberedCursor, TimeText, limitField } from "../fields.ts";
import { route } from "../route.ts";
import { NAMED_KINDS, PARTIES } from "./eventKinds.ts";
import { Thresholds, ThresholdsSent } from "./thresholds.ts";

const Id = z.uuid();

/** Any one of them, each for its own: whose the webhook is says which. */
const CALLERS = ["owner", "theProvider", "operator"] as const;

const OfParty = z.discriminatedUnion("party", [
  z.strictObject({ party: z.literal("account"), address: AddressField }),
  z.strictObject({ party: z.literal("provider"), address: AddressField }),
  z.strictObject({ party: z.literal("operator") }),
]);

const Events = z
  .array(z.enum(NAMED_KINDS))
  .min(1)
  .max(NAMED_KINDS.length)
  .describe("Kinds of events: docs/webhooks.md lists them.");

const Url = z
  .url({ protocol: /^https?$/ })
  .max(WEBHOOKS.urlCharacters)
  .describe("Where events are posted. `https`, unless the operator allows otherwise.");

const Description = z.string().max(LABEL_CHARACTERS.session);

const Webhook = z
  .object({
    id: Id,
    party: z.enum(PARTIES),
    address: AddressText.nullable(),
    url: z.string(),
    description: z.string(),
    events: z.array(z.enum(NAMED_KINDS)),
    thresholds: Thresholds,
    isLow: z.boolean().describe("The balance is below: `balance.low` was told."),
    isShort: z.boolean().describe("The runway is below: `runway.short` was told."),
    createdAt: TimeText,
    oldSecretUntil: TimeText.nullable().describe("Until then two secrets sign."),
    failingSince: TimeText.nullable().describe("No delivery has succeeded since."),
    disabledAt: TimeText.nullable(),
    disabledAs: z
      .enum(["gone", "failing", "owner"])
      .nullable()
      .describe("`gone`: it answered 410. `failing`: for days. `owner`: by an update."),
  })
  .meta({ id: "Webhook" });

const WebhookSecret = z.object({
  webhook: Webhook,
  secret: z.string().describe("`whsec_…`: shown once. Keep it."),
});

export const createWebhook = route({
  id: "createWebhook",
  method: "post",
  path: "/v1/webhooks",
  tag: "webhooks",
  summary: "Adds an endpoint that gets events",
  description:
    "An account's must have bought credits, and a provider must be approved. The answer has the " +
    "secret, once: repeated with its `Idempotency-Key` the request is answered 409 with the `id`.",
  callers: CALLERS,
  body: z.strictObject({
    owner: OfParty,
    url: Url,
    events: Events,
    description: Description.default(""),
    thresholds: ThresholdsSent.default({}),
  }),
  exampleBody: {
    owner: { party: "account", address: EXAMPLE.address },
    url: "https://receiver.example/hooks",
    events: ["balance.low", "checkpoint.final"],
    thresholds: { balanceBelowMicros: "5000000" },
  },
  answers: { 201: { description: "The webhook, and its secret.", schema: WebhookSecret } },
  reasons: [
    "webhooks_not_offered",
    "webhook_refused",
    "webhook_url_refused",
    "too_many_webhooks",
    "account_without_purchases",
    "provider_not_approved",
  ],
});

export const listWebhooks = route({
  id: "listWebhooks",
  method: "get",
  path: "/v1/webhooks",
  tag: "webhooks",
  summary: "The endpoints of an account, a provider or the operator",
  callers: CALLERS,
  query: z.strictObject({
    party: z.enum(PARTIES),
    address: AddressField.optional().describe("Of the account or the provider."),
  }),
  answers: {
    200: {
      description: "All of them, oldest first.",
      schema: z.object({ webhooks: z.array(Webhook).max(WEBHOOKS.perOwner) }),
    },
  },
  reasons: ["webhook_refused"],
});

export const updateWebhook = route({
  id: "updateWebhook",
  method: "post",
  path: "/v1/webhooks/{id}",
  tag: "webhooks",
  summary: "Changes an endpoint, its events or its thresholds",
  description:
    "Fields that are absent stay. `thresholds` replaces all of them. The balance, the runway and " +
    "ends of allowances are told of at once if they are past a new threshold. `enabled` ends a " +
    "pause, or begins one.",
  callers: CALLERS,
  params: z.strictObject({ id: Id }),
  body: z.strictObject({
    url: Url.optional(),
    events: Events.optional(),
    description: Description.optional(),
    thresholds: ThresholdsSent.optional(),
    enabled: z.boolean().optional(),
  }),
  exampleBody: { enabled: false },
  answers: { 200: { description: "The webhook.", schema: z.object({ webhook: Webhook }) } },
  reasons: ["webhook_not_found", "webhook_refused", "webhook_url_refused"],
});

export const deleteWebhook = route({
  id: "deleteWebhook",
  method: "post",
  path: "/v1/webhooks/{id}/deletion",
  tag: "webhooks",
  summary: "Deletes an endpoint and its deliveries",
  callers: CALLERS,
  params: z.strictObject({ id: Id }),
  body: z.strictObject({}).default({}),
  exampleBody: {},
  answers: {
    200: { description: "It is gone.", schema: z.object({ id: Id }) },
  },
  reasons: ["webhook_not_found"],
});

export const rotateWebhookSecret = route({
  id: "rotateWebhookSecret",
  method: "post",
  path: "/v1/webhooks/{id}/rotation",
  tag: "webhooks",
  summary: "Makes a new secret; both sign for a while",
  description:
    "Deliveries carry a signature with each secret until the overlap ends. Another rotation " +
    "meanwhile ends the oldest secret at once.",
  callers: CALLERS,
  params: z.strictObject({ id: Id }),
  body: z
    .strictObject({
      overlapSeconds: z
        .int()
        .min(0)
        .max(MAX_OVERLAP_SECONDS)
        .default(WEBHOOKS.overlapSeconds)
        .describe("How long the old secret signs, too."),
    })
    .default({ overlapSeconds: WEBHOOKS.overlapSeconds }),
  exampleBody: { overlapSeconds: 3_600 },
  answers: { 201: { description: "The webhook, and its new secret.", schema: WebhookSecret } },
  reasons: ["webhook_not_found"],
});

const Delivery = z
  .object({
    id: z.string().regex(/^\d{1,19}$/),
    eventId: Id.describe("The header `webhook-id` of every attempt."),
    type: z.string(),
    occurredAt: TimeText,
    state: z.enum(["waiting", "delivered", "failed"]),
    attempts: z.int().min(0),
    nextAt: TimeText.nullable().describe("The next attempt; `null` if there is none."),
    lastAt: TimeText.nullable(),
    lastStatus: z.int().nullable().describe("Of the last answer; `null` if there was none."),
    lastError: z.string().nullable().describe("Why the last attempt failed."),
  })
  .meta({ id: "WebhookDelivery" });

export const listWebhookDeliveries = route({
  id: "listWebhookDeliveries",
  method: "get",
  path: "/v1/webhooks/{id}/deliveries",
  tag: "webhooks",
  summary: "What was sent, newest first, in pages",
  description: "Kept for `WEBHOOK_KEEP_SECONDS`, by default 30 days.",
  callers: CALLERS,
  params: z.strictObject({ id: Id }),
  query: z.strictObject({
    cursor: NumberedCursor.optional(),
    limit: limitField(PAGES.list),
  }),
  answers: {
    200: {
      description: "A page of deliveries.",
      schema: z.object({ deliveries: z.array(Delivery), nextCursor: NextCursor }),
    },
  },
  reasons: ["webhook_not_found"],
});

export const replayWebhook = route({
  id: "replayWebhook",
  method: "post",
  path: "/v1/webhooks/{id}/replay",
  tag: "webhooks",
  summary: "Sends one event again, or all since a time",
  description:
    "With the same `webhook-id`, so that a receiver knows what it has. Since a time, it also sends " +
    "what came while the endpoint was disabled. Send `nextSince` as `since` until it is `null`.",
  callers: CALLERS,
  params: z.strictObject({ id: Id }),
  body: z.union([z.strictObject({ eventId: Id }), z.strictObject({ since: TimeField })]),
  exampleBody: { since: "2026-01-31T00:00:00.000Z" },
  answers: {
    200: {
      description: "They wait for their delivery.",
      schema: z.object({
        replayed: z.int().min(0).max(WEBHOOKS.perReplay),
        nextSince: TimeText.nullable(),
      }),
    },
  },
  reasons: ["webhook_not_found", "webhook_event_not_found", "webhook_disabled"],
});

export const testWebhook = route({
  id: "testWebhook",
  method: "post",
  path: "/v1/webhooks/{id}/test",
  tag: "webhooks",
  summary: "Sends a test event",
  description: "The list of deliveries shows what became of it.",
  callers: CALLERS,
  params: z.strictObject({ id: Id }),
  body: z.strictObject({}).default({}),
  exampleBody: {},
  answers: {
    201: { description: "The event waits.", schema: z.object({ eventId: Id }) },
  },
  reasons: ["webhook_not_found", "too_many_deliveries", "webhook_disabled"],
});
