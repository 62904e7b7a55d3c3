import { z } from "zod";

import { EvidenceJson } from "@compute-credits/protocol/json/evidence";
import {
  AddressField,
  EventIdField,
  SpenderField,
  TimeField,
  uintField,
} from "@compute-credits/protocol/json/fields";
import { Dimensions, MeterName } from "@compute-credits/protocol/json/names";

/** The CloudEvents type of a usage event. */
export const USAGE_EVENT_TYPE = "compute-credits.usage.v1";

/** JSON in UTF-8, whatever parameters its media type has. */
const JSON_TYPE = /^application\/json\s*(;|$)/i;

/** Attributes beyond the known ones, such as `traceparent`. They are accepted and not stored. */
const ExtensionValue = z.union(
  [z.string(), z.number(), z.boolean()],
  "is no attribute of a usage event, and an extension is a string, number or boolean",
);

/** Lower case and digits, as CloudEvents has it, so that a misspelt `dataContentType` is noticed. */
const ATTRIBUTE_NAME = /^(?:[a-z0-9]{1,64}|data_base64)$/;

const ATTRIBUTES = {
  specversion: z.literal("1.0", 'must be "1.0"'),
  type: z.literal(USAGE_EVENT_TYPE, `must be "${USAGE_EVENT_TYPE}"`),
  source: AddressField,
  id: EventIdField,
  time: TimeField,
  subject: SpenderField,
  datacontenttype: z.string().regex(JSON_TYPE, "must be application/json").optional(),
  dataschema: z.string().optional(),
  group: EventIdField.optional().describe(
    "Of an array: the events with the same one are charged together or not at all. Not stored.",
  ),
};

const UsageData = z.strictObject({
  meter: MeterName,
  quantity: uintField(63),
  dimensions: Dimensions.default({}),
  evidence: EvidenceJson.optional().describe("Signed by a meter; no price depends on it."),
});

/** A usage event as a CloudEvent 1.0: what providers send. */
export const UsageEventJson = z
  .object({ ...ATTRIBUTES, data: UsageData })
  .catchall(ExtensionValue)
  .meta({ id: "UsageEvent", description: "A CloudEvent 1.0. Extensions are not stored." });

/** As `UsageEventJson`, after `data_base64` has become `data` (cloudEventModes.ts). */
export const UsageCloudEvent = z
  .object({
    ...ATTRIBUTES,
    data_base64: z.never("must be the base64 of JSON, without `data` beside it").optional(),
    data: UsageData,
  })
  .catchall(ExtensionValue)
  .check(({ value, issues }) => {
    for (const name of Object.keys(value)) {
      if (ATTRIBUTE_NAME.test(name)) continue;
      const message = "is not the name of an attribute: use lower-case letters and digits";
      issues.push({ code: "custom", input: value, path: [name], message });
    }
  });
