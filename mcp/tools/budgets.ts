import { z } from "zod";

import { readBudgets } from "@compute-credits/client";
import { spenderOf } from "../agent.ts";
import { Address, Bytes32, CursorInput, Micros, NextCursor, Time, Whole } from "../fields.ts";
import { tool } from "../tool.ts";

const Budget = z.object({
  account: Address.describe("Whose credits they are."),
  allowance: Bytes32,
  campaign: Bytes32.nullable().describe("The campaign of a grant."),
  status: z.string().describe("`in_force`, `not_started`, `expired`, `revoked`, `not_accepted`."),
  budgetMicros: Micros.describe("The limit, and what was carried over."),
  usedMicros: Micros.describe("Spent or on hold in this period."),
  remainingMicros: Micros,
  spent24hMicros: Micros,
  periodEndsAt: Whole.nullable().describe("Seconds since 1970; `null`: never."),
  secondsToExhaustion: Whole.nullable().describe("At the rate of the last 24 hours."),
});

export const budgets = tool({
  name: "budgets",
  title: "Budgets in use",
  description:
    "Lists the allowances that the agent's key may spend, oldest first, and how far each is used. " +
    "One with status not_accepted counts after accept_account.",
  input: z.strictObject({
    limit: z.int().min(1).max(50).default(20).describe("Rows of the page, at most."),
    cursor: z.union([CursorInput, z.null()]).default(null),
  }),
  output: z.object({ asOf: Time, budgets: z.array(Budget), nextCursor: NextCursor }),
  async run({ limit, cursor }, agent) {
    const { api, id: spender } = spenderOf(agent);
    const page = { spender, limit, ...(cursor === null ? {} : { cursor }) };
    const { asOf, budgets: found, nextCursor } = await readBudgets(api, page);
    return {
      asOf,
      budgets: found.map(({ exhaustion: { secondsToExhaustion }, ...budget }) => ({
        ...budget,
        secondsToExhaustion,
      })),
      nextCursor,
    };
  },
});
