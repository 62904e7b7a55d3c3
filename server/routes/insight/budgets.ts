import { Router } from "express";

import { listBudgets, listSpenderBudgets } from "@compute-credits/api/insight/budgets";
import type { RequestOf } from "@compute-credits/api/route";
import { budgetUse } from "@compute-credits/rules/insight/budgetUse";
import { mount } from "../../http/mount.ts";
import type { Permit } from "../../http/permit.ts";
import { boundedPage } from "../../http/page.ts";
import type { Budget, BudgetOwner, InsightStore } from "../../stores/insight/insightStore.ts";

export interface BudgetDeps {
  readonly insight: Pick<InsightStore, "budgets">;
  readonly permit: Permit;
}

export function budgetRoutes({ insight, permit }: BudgetDeps): Router {
  const router = Router();

  mount(router, listBudgets, async ({ req, read, answer }) => {
    const { params } = read();
    const { address } = params;
    await permit.check(listBudgets, req, { account: address });
    const { query } = read();
    return answer(200, {
      account: address,
      ...(await pageOf(insight, { role: "account", address }, query)),
    });
  });

  mount(router, listSpenderBudgets, async ({ req, read, answer }) => {
    const { params } = read();
    const { spender } = params;
    await permit.check(listSpenderBudgets, req, { spender });
    const { query } = read();
    return answer(200, {
      spender,
      ...(await pageOf(insight, { role: "spender", spender }, query)),
    });
  });

  return router;
}

async function pageOf(
  insight: BudgetDeps["insight"],
  owner: BudgetOwner,
  { cursor, limit }: RequestOf<typeof listBudgets>["query"],
) {
  const { now, budgets } = await insight.budgets(owner, { after: cursor ?? null, limit });
  const { shown, last } = boundedPage(budgets, limit, (budget) => describe(budget, now));
  return { asOf: now, budgets: shown, nextCursor: last?.allowance.id ?? null };
}

function describe({ allowance, accepted, spent24hMicros, counter }: Budget, now: Date) {
  return {
    account: allowance.message.account,
    allowance: allowance.id,
    spender: allowance.message.spender,
    campaign: allowance.campaign,
    ...budgetUse(allowance, { now, counter, spent24hMicros, accepted }),
    spent24hMicros,
  };
}
