import { Router } from "express";

import { listBudgets } from "@compute-credits/api/insight/budgets";
import { budgetUse } from "@compute-credits/rules/insight/budgetUse";
import { mount } from "../../http/mount.ts";
import { boundedPage } from "../../http/page.ts";
import type { InsightStore } from "../../stores/insight/insightStore.ts";
import type { ReaderCheck } from "./readerAccess.ts";

export interface BudgetDeps {
  readonly insight: Pick<InsightStore, "budgets">;
  readonly checkReader: ReaderCheck;
}

export function budgetRoutes({ insight, checkReader }: BudgetDeps): Router {
  const router = Router();

  mount(router, listBudgets, async ({ req, read, answer }) => {
    const { params, query } = read();
    const { address } = params;
    const { cursor, limit } = query;
    await checkReader(req, address);
    const { now, counter, budgets } = await insight.budgets(address, {
      after: cursor ?? null,
      limit,
    });
    const page = boundedPage(budgets, limit, ({ allowance, accepted, spent24hMicros }) => ({
      allowance: allowance.id,
      spender: allowance.message.spender,
      campaign: allowance.campaign,
      ...budgetUse(allowance, { now, counter, spent24hMicros, accepted }),
      spent24hMicros,
    }));
    return answer(200, {
      account: address,
      asOf: now,
      budgets: page.shown,
      nextCursor: page.last?.allowance.id ?? null,
    });
  });

  return router;
}
