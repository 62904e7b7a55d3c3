import type { Address } from "viem";

import { UsageCloudEvent } from "@compute-credits/api/usage/cloudEvent";
import type { SignedEvidence } from "@compute-credits/protocol/json/evidence";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import { type LabelLimits, labelProblem } from "../../http/labelLimits.ts";
import { fieldErrors } from "../../http/parse.ts";
import { type Problem, problem } from "../../http/problem.ts";
import { decodeData } from "./cloudEventModes.ts";

export interface ParsedEvent {
  readonly event: UsageEvent;
  readonly group: string | undefined;
  readonly evidence?: SignedEvidence;
}

/** The event that `provider` reports, or the problem with it. */
export function parseCloudEvent(
  input: unknown,
  provider: Address,
  limits: LabelLimits,
): ParsedEvent | { problem: Problem } {
  const parsed = UsageCloudEvent.safeParse(decodeData(input));
  if (!parsed.success) {
    return {
      problem: problem(400, "invalid_event", "Some fields of the event are wrong: see errors.", {
        errors: fieldErrors(parsed.error),
      }),
    };
  }
  const { source, id, subject: spender, time: occurredAt, group, data } = parsed.data;
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
  // Not of the event that is charged: its hash does not cover it.
  const { evidence, ...work } = data;
  const event = { provider, id, spender, occurredAt, ...work };
  return { event, group, ...(evidence === undefined ? {} : { evidence }) };
}
