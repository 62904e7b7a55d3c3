import { z } from "zod";

import { type Runway, readBalance, readBudgets, readRunway } from "@compute-credits/client";
import { type Agent, spenderOf } from "../agent.ts";
import { Address, Micros, Time, Whole } from "../fields.ts";
import { tool } from "../tool.ts";

/** The budgets of one page: a key with more is told that they are not all. */
const MOST_BUDGETS = 200;

const KeyBalance = z.object({
  asOf: Time,
  budgetsInForce: z.int(),
  isComplete: z.boolean().describe(`Whether all budgets were read: the first ${MOST_BUDGETS} are.`),
  remainingMicros: Micros.describe(
    "What the budgets in force still allow, together. The accounts may have less: see preview.",
  ),
  spent24hMicros: Micros,
  secondsToExhaustion: Whole.nullable().describe(
    "Until the first budget is used up, at the rate of the last 24 hours; `null`: none will be.",
  ),
});

const AccountBalance = z.object({
  account: Address,
  availableMicros: Micros.describe("What may be spent now."),
  heldMicros: Micros.describe("Set aside for work under way."),
  spentMicros: Micros,
  purchasedMicros: Micros,
  runway: z.array(
    z.object({
      windowSeconds: Whole.describe("How long before now the spending was measured."),
      burnMicrosPerHour: Micros,
      secondsToZero: Whole.nullable().describe("`null`: see `reason`."),
      reason: z.string().nullable().describe("Why it does not run out."),
    }),
  ),
});

export const balance = tool({
  name: "balance",
  title: "Balance and runway",
  description:
    "Tells what the agent's key may still spend and how long that lasts; with a view key or the " +
    "owner's wallet also the account's balance and runway. Amounts are micro-credits.",
  input: z.strictObject({}),
  output: z.object({
    key: KeyBalance.nullable().describe("`null` without an API key."),
    account: AccountBalance.nullable().describe("`null` without a view key or the owner's wallet."),
  }),
  async run(_input, agent) {
    // An agent with neither learns how to set a key.
    if (agent.reader === null) spenderOf(agent);
    const [key, account] = await Promise.all([keyBalance(agent), accountBalance(agent)]);
    return { key, account };
  },
});

async function keyBalance({ spender }: Agent) {
  if (spender === null) return null;
  const page = { spender: spender.id, limit: MOST_BUDGETS };
  const { asOf, budgets, nextCursor } = await readBudgets(spender.api, page);
  const inForce = budgets.filter(({ status }) => status === "in_force");
  const seconds = inForce.flatMap(({ exhaustion: { secondsToExhaustion: found } }) =>
    found === null ? [] : [found],
  );
  return {
    asOf,
    budgetsInForce: inForce.length,
    isComplete: nextCursor === null,
    remainingMicros: sumOf(inForce.map(({ remainingMicros }) => remainingMicros)),
    spent24hMicros: sumOf(budgets.map(({ spent24hMicros }) => spent24hMicros)),
    secondsToExhaustion: seconds.toSorted((a, b) => (a < b ? -1 : 1))[0] ?? null,
  };
}

async function accountBalance({ reader }: Agent) {
  if (reader === null) return null;
  const account = await reader.account();
  const [found, { windows }] = await Promise.all([
    readBalance(reader.api, { account }),
    readRunway(reader.api, { account }),
  ]);
  const { availableMicros, heldMicros, spentMicros, purchasedMicros } = found;
  return {
    account,
    availableMicros,
    heldMicros,
    spentMicros,
    purchasedMicros,
    runway: windows.map(shownWindow),
  };
}

function shownWindow({ windowSeconds, burnMicrosPerHour, runway }: Runway["windows"][number]) {
  const { secondsToZero } = runway;
  const reason = "reason" in runway ? runway.reason : null;
  return { windowSeconds, burnMicrosPerHour, secondsToZero, reason };
}

function sumOf(micros: readonly bigint[]): bigint {
  return micros.reduce((all, one) => all + one, 0n);
}
