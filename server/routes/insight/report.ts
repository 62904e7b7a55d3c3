import { Router } from "express";
import type { Address } from "viem";

import { getReport } from "@compute-credits/api/insight/report";
import { toTokensDown } from "@compute-credits/rules/insight/liability";
import { respondCsv, wantsCsv } from "../../http/csv.ts";
import { mount } from "../../http/mount.ts";
import type { Permit } from "../../http/permit.ts";
import { timeRange } from "../../http/timeRange.ts";
import { type OperatorReport, type ReadReportDeps, readReport } from "./readReport.ts";

export interface ReportDeps extends ReadReportDeps {
  readonly token: Address;
  readonly permit: Permit;
  /** the database's clock */
  readonly now: () => Promise<Date>;
}

export function reportRoutes(deps: ReportDeps): Router {
  const router = Router();

  mount(router, getReport, async ({ req, res, read, answer }) => {
    await deps.permit.check(getReport, req, {});
    const range = timeRange(read().query, await deps.now());
    const report = await readReport(deps, range);
    if (wantsCsv(req)) {
      respondCsv(res, ["section", "name", "meter", "micros", "tokens"], rowsOf(report));
      return null;
    }
    const { ledger, liability: owed, feesTaken, reconciled, comparisons } = report;
    const inBoth = unitsOf(report);
    return answer(200, {
      asOf: ledger.asOf,
      block: ledger.block,
      token: deps.token,
      liability: {
        unspent: inBoth(owed.unspent),
        held: inBoth(owed.held),
        refunding: inBoth(owed.refunding),
        available: inBoth(owed.available),
        refundsDue: inBoth(owed.refundsDue),
        earningsDue: inBoth(owed.earningsDue),
        feesDue: inBoth(owed.feesDue),
        total: inBoth(owed.total),
      },
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
