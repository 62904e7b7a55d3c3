import { Router } from "express";
import type { Address } from "viem";
import { z } from "zod";

import { TimeField } from "@compute-credits/protocol/json/fields";
import { toTokensDown } from "@compute-credits/rules/insight/liability";
import { respondCsv, wantsCsv } from "../../http/csv.ts";
import { parse } from "../../http/parse.ts";
import { respond } from "../../http/respond.ts";
import { timeRange } from "../../http/timeRange.ts";
import type { ReaderCheck } from "./readerAccess.ts";
import { type OperatorReport, type ReadReportDeps, readReport } from "./readReport.ts";

const ReportQuery = z.strictObject({ from: TimeField.optional(), to: TimeField.optional() });

export interface ReportDeps extends ReadReportDeps {
  readonly token: Address;
  readonly checkReader: ReaderCheck;
  /** the database's clock */
  readonly now: () => Promise<Date>;
}

/**
 * `GET /v1/report`: what is owed to whom, the fees by day, and how the ledger compares with the
 * chain, in micro-credits and in the token's smallest unit. As CSV with `Accept: text/csv`.
 */
export function reportRoutes(deps: ReportDeps): Router {
  const router = Router();

  router.get("/report", async (req, res) => {
    await deps.checkReader(req, null);
    const range = timeRange(parse(ReportQuery, req.query), await deps.now());
    const report = await readReport(deps, range);
    if (wantsCsv(req)) {
      respondCsv(res, ["section", "name", "meter", "micros", "tokens"], rowsOf(report));
      return;
    }
    const { ledger, feesTaken, reconciled, comparisons } = report;
    const inBoth = unitsOf(report);
    respond(res, 200, {
      asOf: ledger.asOf,
      block: ledger.block,
      token: deps.token,
      liability: Object.fromEntries(
        Object.entries(report.liability).map(([name, micros]) => [name, inBoth(micros)]),
      ),
      feesEarned: inBoth(ledger.spent - ledger.earned),
      feesTaken: inBoth(feesTaken),
      fees: {
        from: range.from,
        to: range.to,
        days: ledger.revenue.map((day) => ({ ...day, feeTokens: inBoth(day.feeMicros).tokens })),
      },
      reconciled,
      comparisons,
    });
  });

  return router;
}

/** Shows an amount in micro-credits and in the token's smallest unit, rounded down. */
function unitsOf({ price }: OperatorReport) {
  return (micros: bigint) => ({ micros, tokens: toTokensDown(micros, price) });
}

function rowsOf(report: OperatorReport) {
  const inBoth = unitsOf(report);
  const cells = (micros: bigint) => [micros, inBoth(micros).tokens];
  return [
    ...Object.entries(report.liability).map(([name, micros]) => [
      "liability",
      name,
      "",
      ...cells(micros),
    ]),
    ...report.ledger.revenue.map(({ day, meter, feeMicros }) => [
      "fees",
      day,
      meter,
      ...cells(feeMicros),
    ]),
    ...report.comparisons.flatMap(({ name, unit, differences }) =>
      differences.map(({ because, amount }) => [
        `difference.${name}`,
        because,
        "",
        ...(unit === "tokens" ? [null, amount] : cells(amount)),
      ]),
    ),
  ];
}
