import { PAGES } from "@compute-credits/api/bounds";
import {
  listWebhookDeliveries,
  replayWebhook,
  testWebhook,
} from "@compute-credits/api/webhooks/webhooks";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import { TEXT, TIME, UUID, cursorOf, optional, required, rowsAtMost } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

const id = required(UUID, "its id, as the list has it");

export const testWebhookVerb = verb({
  name: "webhooks test",
  reader: "user",
  summary: "Sends a test event to an endpoint",
  examples: ["webhooks test --id 4be0643f-… --wallet alice"],
  asks: null,
  options: { id },
  async run(context, { id: name }) {
    const sent = { params: { id: name }, body: {} };
    return show(await context.withSession((api) => api.call(testWebhook, sent)));
  },
});

export const deliveriesVerb = verb({
  name: "webhooks deliveries",
  reader: "user",
  summary: "Lists what was sent to an endpoint, newest first",
  examples: ["webhooks deliveries --id 4be0643f-… --wallet alice"],
  asks: null,
  options: {
    id,
    limit: rowsAtMost(PAGES.list.most),
    cursor: cursorOf(TEXT),
  },
  async run(context, { id: name, limit, cursor }) {
    const query = { limit, ...(cursor === undefined ? {} : { cursor }) };
    const sent = { params: { id: name }, query };
    return show(await context.withSession((api) => api.call(listWebhookDeliveries, sent)));
  },
});

export const replayWebhookVerb = verb({
  name: "webhooks replay",
  reader: "user",
  summary: "Sends an event again, or all since a time",
  examples: ["webhooks replay --id 4be0643f-… --since 2026-11-01 --wallet alice"],
  asks: null,
  options: {
    id,
    event: optional(UUID, "the event's id, as the deliveries have it"),
    since: optional(TIME, "all events since then"),
  },
  async run(context, { id: name, event: eventId, since }) {
    if ((eventId === undefined) === (since === undefined)) {
      throw new UsageError("Give one of --event and --since: what is sent again.");
    }
    const body = eventId === undefined ? { since: since?.toISOString() ?? "" } : { eventId };
    const sent = { params: { id: name }, body };
    return show(await context.withSession((api) => api.call(replayWebhook, sent)));
  },
});
