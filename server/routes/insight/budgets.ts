import { Router } from "express";
import { z } from "zod";

import { AddressField, Bytes32Field } from "@compute-credits/protocol/json/fields";
import { budgetUse } from "@compute-credits/rules/insight/budgetUse";
import { PAGES } from "@compute-credits/api/bounds";
import { boundedPage, limitField } from "../../http/page.ts";
import { parse } from "../../http/parse.ts";
import { respond } from "../../http/respond.ts";
import type { InsightStore } from "../../stores/insight/insightStore.ts";
import type { ReaderCheck } from "./readerAccess.ts";

const BudgetQuery = z.strictObject({
  cursor: Bytes32Field.optional(),
  limit: limitField(PAGES.list),
});

export interface BudgetDeps {
  readonly insight: Pick<InsightStore, "budgets">;
  readonly checkReader: ReaderCheck;
}

/** `GET /v1/accounts/:address/budgets`: how much of each of its allowances is used, in pages. */
export function budgetRoutes({ insight, checkReader }: BudgetDeps): Router {
  const router = Router();

  router.get("/accounts/:address/budgets", async (req, res) => {
    const address = parse(AddressField, req.params.address);
    const { cursor, limit } = parse(BudgetQuery, req.query);
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
    respond(res, 200, {
      account: address,
      asOf: now,
      budgets: page.shown,
      nextCursor: page.last?.allowance.id ?? null,
    });
  });

  return router;
}
