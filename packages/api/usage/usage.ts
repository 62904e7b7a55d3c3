import { z } from "zod";

import { EventIdField } from "@compute-credits/protocol/json/fields";
import { MAX_EVENTS_PER_REQUEST } from "../bounds.ts";
import { Problem } from "../openapi/problem.ts";
import { EVIDENCE_REFUSALS } from "../problems/evidenceReasons.ts";
import { EvidenceOutcome } from "../evidence/evidence.ts";
import { CHARGE_REFUSALS } from "../problems/chargeRefusals.ts";
import { route } from "../route.ts";
import { USAGE_EVENT_TYPE, UsageEventJson } from "./cloudEvent.ts";
import { Debit } from "./debit.ts";

const DebitedEvent = Debit.extend({
  id: EventIdField,
  evidence: EvidenceOutcome.optional(),
}).meta({ id: "DebitedEvent" });

const RefusedEvent = z
  .object({
    id: z.string().max(128).nullable().describe("The id that was sent; `null` without one."),
    result: z.literal("refused"),
    problem: Problem.describe("With status 402 a `ShortageProblem`."),
  })
  .meta({ id: "RefusedEvent" });

const UsageOutcomes = z
  .object({
    outcomes: z
      .array(z.union([DebitedEvent, RefusedEvent]))
      .describe("In the order of the events."),
    debited: z.int().min(0),
    refused: z.int().min(0),
  })
  .meta({ id: "UsageOutcomes" });

export const reportUsage = route({
  id: "reportUsage",
  weight: "hot",
  method: "post",
  path: "/v1/usage",
  tag: "usage",
  summary: "Charges one event or a batch",
  description:
    "One CloudEvent, or an array of up to `maxBatchEvents` of the server's limits. All three modes " +
    "of CloudEvents over HTTP work: in binary mode the attributes are in headers `ce-*`, and the " +
    "body is `data`. `data_base64` is taken instead of `data`.\n\n" +
    "Of an array, a refused event does not stop the others, unless they have the same `group`: of " +
    "a group, all events are charged or none. An event that was charged before keeps its outcome.",
  hasOwnIds: true,
  isWork: true,
  callers: ["provider"],
  bodyTypes: [
    "application/json",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
  ],
  body: z.union([UsageEventJson, z.array(UsageEventJson).max(MAX_EVENTS_PER_REQUEST)]),
  exampleBody: {
    specversion: "1.0",
    type: USAGE_EVENT_TYPE,
    source: "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
    id: "job-4711/gpu",
    time: "2026-11-22T18:00:00Z",
    subject: `0x${"12".repeat(32)}`,
    data: { meter: "gpu.seconds", quantity: 90, dimensions: { gpu: "H100" } },
  },
  answers: {
    200: {
      description: "The first outcome of one event that is repeated, or an outcome of each.",
      schema: z.union([DebitedEvent, UsageOutcomes]),
    },
    201: { description: "The event is charged.", schema: DebitedEvent },
  },
  reasons: [
    "invalid_event",
    "source_mismatch",
    "label_too_long",
    "batch_too_large",
    "event_id_conflict",
    "group_refused",
    ...EVIDENCE_REFUSALS,
    "event_too_old",
    "event_in_future",
    ...CHARGE_REFUSALS,
  ],
});
