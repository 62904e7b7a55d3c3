import { readBudgets } from "@compute-credits/client/insight/readBudgets";
import { ADDRESS, ID, SPENDER, cursorOf, optional, rowsAtMost } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";

export const budgetsVerb = verb({
  name: "budgets",
  reader: "user",
  summary: "Shows how far each allowance is used",
  details: "Of the wallet's account, or of an API key in --bearer-file.",
  examples: ["budgets --wallet alice", "budgets --bearer-file agent.key"],
  asks: null,
  options: {
    account: optional(ADDRESS, "of all spenders of this account"),
    spender: optional(SPENDER, "of all accounts that allow this spender"),
    limit: rowsAtMost(1_000),
    cursor: cursorOf(ID),
  },
  async run(context, { account, spender, limit, cursor }) {
    const page = { limit, ...(cursor === undefined ? {} : { cursor }) };
    const isSpender =
      spender !== undefined || (account === undefined && (await context.isSpenderKey()));
    const answer = isSpender
      ? await readBudgets(context.api, { spender: await context.spender(spender), ...page })
      : await readBudgets(context.api, { account: await context.party(account), ...page });
    const budgets = answer.budgets.map((budget) => ({
      allowance: budget.allowance,
      status: budget.status,
      budgetMicros: budget.budgetMicros,
      usedMicros: budget.usedMicros,
      remainingMicros: budget.remainingMicros,
      ends: budget.periodEndsAt === null ? null : new Date(Number(budget.periodEndsAt) * 1000),
    }));
    return show(answer, humanLines({ asOf: answer.asOf, budgets, nextCursor: answer.nextCursor }));
  },
});
