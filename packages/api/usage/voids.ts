import { z } from "zod";

import { EventIdField } from "@compute-credits/protocol/json/fields";
import { MicrosText, TimeText } from "../fields.ts";
import { route } from "../route.ts";

const VoidedEvent = z
  .object({
    eventId: EventIdField,
    result: z.literal("voided"),
    amountMicros: MicrosText.describe("What the event cost: each allowance has its part back."),
    voidedAt: TimeText,
    repeated: z.boolean().describe("It was taken back before, and nothing was returned now."),
  })
  .meta({ id: "VoidedEvent" });

export const voidEvent = route({
  id: "voidEvent",
  weight: "hot",
  method: "post",
  path: "/v1/voids",
  tag: "usage",
  summary: "Takes a charged event back",
  description: "Until a checkpoint or a receipt counts the event. Its id stays used.",
  hasOwnIds: true,
  isWork: true,
  callers: ["provider"],
  body: z.strictObject({ eventId: EventIdField }),
  exampleBody: { eventId: "job-4711/gpu" },
  answers: {
    200: { description: "It was taken back before.", schema: VoidedEvent },
    201: { description: "It is taken back.", schema: VoidedEvent },
  },
  reasons: ["event_not_found", "already_settled", "receipt_given", "written_off"],
});
