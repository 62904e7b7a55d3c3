import { z } from "zod";

import { ScopeJson } from "@compute-credits/protocol/json/allowance";
import { uintField } from "@compute-credits/protocol/json/fields";
import type { Scope } from "@compute-credits/protocol/messages/allowance";
import { type LabelLimits, checkLabels } from "../../http/labelLimits.ts";
import { fail } from "../../http/problem.ts";
import type { Limits } from "../../limits.ts";

/** What grants and promotion codes have in common. `null` takes the campaign's own term. */
export const GrantTermsBody = z.strictObject({
  limit: uintField(64),
  period: uintField(64).default(0n),
  rollover: uintField(64).default(0n),
  priority: uintField(8).transform(Number).nullable().default(null),
  scope: z
    .strictObject({
      providers: ScopeJson.shape.providers.default([]),
      meters: ScopeJson.shape.meters.default([]),
    })
    .nullable()
    .default(null),
});

export type BatchLimits = LabelLimits & Pick<Limits, "maxGrantsPerRequest">;

/** Throws if the list, or the scope of one of its items, exceeds the server's limits. */
export function checkBatch(
  list: readonly { readonly scope: Scope | null }[],
  limits: BatchLimits,
): void {
  const { maxGrantsPerRequest } = limits;
  if (list.length > maxGrantsPerRequest) {
    throw fail(
      413,
      "batch_too_large",
      `The request has more than ${maxGrantsPerRequest} grants or codes: send it in parts.`,
      { maxGrantsPerRequest },
    );
  }
  for (const { scope } of list) checkLabels({ scope }, limits);
}

export function countOutcomes(outcomes: readonly { readonly result: string }[]) {
  const refused = outcomes.filter(({ result }) => result === "refused").length;
  return { accepted: outcomes.length - refused, refused };
}
