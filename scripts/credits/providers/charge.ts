import { randomUUID } from "node:crypto";

import { z } from "zod";

import { UsageEventJson } from "@compute-credits/api/usage/cloudEvent";
import { USAGE_EVENT_TYPE } from "@compute-credits/api/usage/cloudEvent";
import { reportUsage } from "@compute-credits/api/usage/usage";
import { voidEvent } from "@compute-credits/client/usage/voidEvent";
import { MAX_EVENTS_PER_REQUEST } from "@compute-credits/api/bounds";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import { CUSTOMER, customerSpender } from "../context/customer.ts";
import { readJsonFile } from "../context/jsonFile.ts";
import { FILE, PAIR, TEXT, TIME, optional, repeated, required, whole } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";
import { dimensionsOf } from "./work.ts";

const Events = z.array(UsageEventJson).min(1).max(MAX_EVENTS_PER_REQUEST);

export const chargeVerb = verb({
  name: "charge",
  reader: "provider",
  summary: "Charges work to a customer",
  details:
    "One event by its options, or a file of CloudEvents. The same event again charges nothing: " +
    "after a lost answer repeat it with its --id and --time, as they were shown on the error stream. " +
    "The exit code is 1 if an event was refused.",
  examples: [
    "charge --meter gpu.seconds --quantity 90 --dimension gpu=H100 --customer-key-file agent.key --bearer-file provider.key --yes",
    "charge --events usage.json --bearer-file provider.key --yes",
  ],
  asks: "moves",
  options: {
    ...CUSTOMER,
    meter: optional(TEXT, "such as gpu.seconds"),
    quantity: optional(whole(0n, 2n ** 63n - 1n), "in units of the meter"),
    dimension: repeated(PAIR, "such as gpu=H100"),
    id: optional(TEXT, "your own id of the event; a new one if absent"),
    time: optional(TIME, "when the work was done; now if absent"),
    events: optional(FILE, "an array of CloudEvents, in place of the options above"),
  },
  async run(context, { events, meter, quantity, dimension, id, time, ...named }) {
    if (events !== undefined) {
      const body = await readJsonFile("--events", events, Events);
      await context.confirmRequest(`Charges ${body.length} events.`);
      const answer = await context.api.call(reportUsage, { body: body.map(asSent) });
      return { ...show(answer), hasFailed: "refused" in answer && answer.refused > 0 };
    }
    if (meter === undefined || quantity === undefined) {
      throw new UsageError("Give --meter and --quantity, or --events FILE.");
    }
    const source = await context.party(undefined);
    const event = {
      specversion: "1.0",
      type: USAGE_EVENT_TYPE,
      source,
      id: id ?? randomUUID(),
      time: (time ?? new Date()).toISOString(),
      subject: await customerSpender(context, named),
      data: { meter, quantity, dimensions: dimensionsOf(dimension) },
    } as const;
    const { id: name, time: at } = event;
    await context.confirmRequest(`Charges ${quantity} ${meter}: --id ${name} --time ${at}`);
    return show(await context.api.call(reportUsage, { body: event }));
  },
});

/** Times as text again, as routes take them. */
function asSent({ time, data, ...event }: z.output<typeof UsageEventJson>) {
  return { ...event, time: time.toISOString(), data };
}

export const voidVerb = verb({
  name: "void",
  reader: "provider",
  summary: "Takes a charged event back",
  details: "Until a checkpoint or a receipt counts it. Its id stays used.",
  examples: ["void --event job-4711/gpu --bearer-file provider.key --yes"],
  asks: "moves",
  options: { event: required(TEXT, "its id") },
  async run(context, { event: eventId }) {
    await context.confirmRequest(`Takes the event ${eventId} back.`);
    return show(await voidEvent(context.api, { eventId }));
  },
});
