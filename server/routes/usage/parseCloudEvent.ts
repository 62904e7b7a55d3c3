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

/** The CloudEvents type of a usage event. */
export const USAGE_EVENT_TYPE = "compute-credits.usage.v1";

/** A CloudEvent 1.0 in structured mode. */
const UsageCloudEvent = z.strictObject({
  specversion: z.literal("1.0", 'must be "1.0"'),
  type: z.literal(USAGE_EVENT_TYPE, `must be "${USAGE_EVENT_TYPE}"`),
  source: AddressField,
  id: EventIdField,
  time: TimeField,
  subject: SpenderField,
  datacontenttype: z.literal("application/json", 'must be "application/json"').optional(),
  data: z.strictObject({
    meter: MeterName,
    quantity: uintField(63),
    dimensions: Dimensions.default({}),
  }),
});

/** The event that `provider` reports, or the problem with it. */
export function parseCloudEvent(
  input: unknown,
  provider: Address,
  limits: LabelLimits,
): { event: UsageEvent } | { problem: Problem } {
  const parsed = UsageCloudEvent.safeParse(input);
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
