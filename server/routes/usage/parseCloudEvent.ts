import type { Address } from "viem";
import { z } from "zod";

import {
  AddressField,
  EventIdField,
  TimeField,
  SpenderField,
  uintField,
} from "@compute-credits/protocol/json/fields";
import { Dimensions, MeterName } from "@compute-credits/protocol/json/names";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import { type LabelLimits, labelProblem } from "../../http/labelLimits.ts";
import { fieldErrors } from "../../http/parse.ts";
import { type Problem, problem } from "../../http/problem.ts";
import { decodeData } from "./cloudEventModes.ts";

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

/** A CloudEvent 1.0. */
const UsageCloudEvent = z
  .object({
    specversion: z.literal("1.0", 'must be "1.0"'),
    type: z.literal(USAGE_EVENT_TYPE, `must be "${USAGE_EVENT_TYPE}"`),
    source: AddressField,
    id: EventIdField,
    time: TimeField,
    subject: SpenderField,
    datacontenttype: z.string().regex(JSON_TYPE, "must be application/json").optional(),
    dataschema: z.string().optional(),
    data_base64: z.never("must be the base64 of JSON, without `data` beside it").optional(),
    data: z.strictObject({
      meter: MeterName,
      quantity: uintField(63),
      dimensions: Dimensions.default({}),
    }),
  })
  .catchall(ExtensionValue)
  .check(({ value, issues }) => {
    for (const name of Object.keys(value)) {
      if (ATTRIBUTE_NAME.test(name)) continue;
      const message = "is not the name of an attribute: use lower-case letters and digits";
      issues.push({ code: "custom", input: value, path: [name], message });
    }
  });

/** The event that `provider` reports, or the problem with it. */
export function parseCloudEvent(
  input: unknown,
  provider: Address,
  limits: LabelLimits,
): { event: UsageEvent } | { problem: Problem } {
  const parsed = UsageCloudEvent.safeParse(decodeData(input));
  if (!parsed.success) {
    return {
      problem: problem(400, "invalid_event", "Some fields of the event are wrong: see errors.", {
        errors: fieldErrors(parsed.error),
      }),
    };
  }
  const { source, id, subject: spender, time: occurredAt, data } = parsed.data;
  if (source !== provider) {
    return {
      problem: problem(
        403,
        "source_mismatch",
        `The event's source is ${source}, and the key is ${provider}'s: report only your own work.`,
      ),
    };
  }
  const tooLong = labelProblem({ id, dimensions: data.dimensions }, limits);
  if (tooLong !== null) return { problem: tooLong };
  return { event: { provider, id, spender, occurredAt, ...data } };
}
