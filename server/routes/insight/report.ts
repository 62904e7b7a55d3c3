import { Router } from "express";
import { z } from "zod";

import { parse } from "../../http/parse.ts";
import { TimeField } from "@compute-credits/protocol/json/fields";
import { liability, toTokensDown } from "@compute-credits/rules/insight/liability";
import { reconcile } from "@compute-credits/rules/insight/reconcile";
import type { Context } from "../../context.ts";
import { respondCsv, wantsCsv } from "../../http/csv.ts";
import { fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import { timeRange } from "../../http/timeRange.ts";

const ReportQuery = z.strictObject({ from: TimeField.optional(), to: TimeField.optional() });

/**
 * `GET /v1/report`: what is owed to whom, what was earned in fees, and how the books compare with the chain, in micro-credits
 * and in the token's smallest unit. 503 where the chain cannot be asked.
 */
export function reportRoutes({ reports, vault, terms, allowances }: Context): Router {
  const router = Router();

  router.get("/report", async (req, res) => {
    const { from, to } = timeRange(parse(ReportQuery, req.query), await allowances.now());
    const price = {
      tokenUnit: await ask(() => vault.tokenUnit()),
      creditMicrosPerToken: terms.creditMicrosPerToken,
    };
    const ledger = await reports.report({ from, to, price });
    const chain = await ask(() => vault.totalsAt(ledger.block.number));
    const finalCheckpoint =
      chain.finalCheckpoint.epoch === 0n
        ? null
        : await reports.checkpointTotals(chain.finalCheckpoint.epoch);

    const both = (micros: bigint) => ({ micros, tokens: toTokensDown(micros, price) });
    const owed = Object.entries(liability(ledger, chain.feesTaken)).map(
      ([name, micros]) => [name, both(micros)] as const,
    );
    const fees = ledger.revenue.map((day) => ({ ...day, feeTokens: both(day.feeMicros).tokens }));
    const compared = (deferredTokens: bigint) =>
      reconcile({ ...ledger, finalCheckpoint }, chain, { price, deferredTokens });
    const hasSurplus = compared(0n).comparisons.some(
      ({ unit, differences }) => unit === "tokens" && differences.length > 0,
    );
    // Asked only where it is needed: it goes through all that the contract ever logged.
    const { reconciled, comparisons } = compared(
      hasSurplus ? await ask(() => vault.deferredTokens(ledger.block.number)) : 0n,
    );

    if (wantsCsv(req)) {
      respondCsv(
        res,
        ["section", "name", "meter", "micros", "tokens"],
        [
          ...owed.map(([name, { micros, tokens }]) => ["liability", name, "", micros, tokens]),
          ...fees.map(({ day, meter, feeMicros, feeTokens }) => [
            "fees",
            day,
            meter,
            feeMicros,
            feeTokens,
          ]),
          ...comparisons.flatMap(({ name, unit, differences }) =>
            differences.map(({ because, amount }) =>
              unit === "tokens"
                ? [`difference.${name}`, because, "", null, amount]
                : [`difference.${name}`, because, "", amount, both(amount).tokens],
            ),
          ),
        ],
      );
      return;
    }
    respond(res, 200, {
      asOf: ledger.asOf,
      block: ledger.block,
      token: terms.token,
      liability: Object.fromEntries(owed),
      feesEarned: both(ledger.spent - ledger.earned),
      feesTaken: both(chain.feesTaken),
      fees: { from, to, days: fees },
      reconciled,
      comparisons,
    });
  });

  return router;
}

/** Asks the chain. A failure of its endpoint is not one of this server. */
async function ask<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch {
    throw fail(
      503,
      "chain_unavailable",
      "The chain could not be asked at the ledger's block: try again.",
    );
  }
}
