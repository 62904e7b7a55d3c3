import { z } from "zod";

import { shortageOf } from "@compute-credits/client";
import { Address, MOST_CHARACTERS, Micros, Whole } from "./fields.ts";

const Buy = z
  .object({
    contract: Address,
    function: z.string(),
    account: Address,
    creditMicros: Micros,
    token: Address,
    tokenAmount: Whole.nullable(),
    approve: z.string(),
    docs: z.string(),
  })
  .describe("Two calls on the chain that buy exactly what is missing, for any wallet.");

/** Why one measurement has no price, or cannot be paid now. */
export const Refused = z.object({
  result: z.literal("refused"),
  reason: z.string().describe("Stable: docs/reasons.md explains each."),
  detail: z.string().max(MOST_CHARACTERS).describe("What is wrong, and what to do."),
  account: Address.nullable().describe("Whose limit is reached."),
  missingMicros: Micros.nullable(),
  buy: Buy.nullable().describe("`null` if more credits would not help."),
});

/** Shows the server's problem of one measurement. */
export function refusedWork(problem: { readonly reason: string; readonly detail: string }) {
  const { reason, detail } = problem;
  const shortage = shortageOf({ ...problem });
  return {
    result: "refused" as const,
    reason,
    detail,
    account: shortage?.account ?? null,
    missingMicros: shortage?.missingMicros ?? null,
    buy: shortage?.buy ?? null,
  };
}
