import type { Address } from "viem";
import { z } from "zod";

import type { Limits } from "../limits.ts";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import { Dimensions, MeterName } from "@compute-credits/rules/pricing/rateNames";
import { AddressField, Bytes32Field, TimeField, fieldErrors, uintField } from "./fields.ts";
import { labelProblem } from "./labelLimits.ts";
import { walletSpender } from "@compute-credits/protocol/messages/spender";
import { type Problem, problem } from "./problem.ts";

/** The CloudEvents type of a usage event. */
export const USAGE_EVENT_TYPE = "compute-credits.usage.v1";

/** An address is the wallet's spender; 32 bytes are a spender as allowances name it. */
export const SpenderField = z.union(
  [Bytes32Field, AddressField.transform(walletSpender)],
  "must be a spender: a wallet's address, or the 32 bytes that allowances name",
);

/** Unique by provider. */
export const EventIdField = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, "must be 1 to 128 printable ASCII characters without spaces");

export const DimensionsField = Dimensions.default({});

/** CloudEvents 1.0, structured mode. */
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
    dimensions: DimensionsField,
  }),
});

/** The event that `provider` reports, or what is wrong with it. */
export function parseCloudEvent(
  input: unknown,
  provider: Address,
  limits: Limits,
): { event: UsageEvent } | { problem: Problem } {
  const parsed = UsageCloudEvent.safeParse(input);
  if (!parsed.success) {
    return {
      problem: problem(400, "invalid_event", "The event has fields to mend: see errors.", {
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
        `The event's source is ${source} and the key is that of ${provider}: report only your own work.`,
      ),
    };
  }
  const tooLong = labelProblem({ id, dimensions: data.dimensions }, limits);
  if (tooLong !== null) return { problem: tooLong };
  return { event: { provider, id, spender, occurredAt, ...data } };
}
