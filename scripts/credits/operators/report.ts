import { getReport } from "@compute-credits/api/insight/report";
import { flag } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { fetchCsv } from "../insight/csv.ts";
import { RANGE, rangeQuery } from "../insight/range.ts";
import { show } from "../output/shown.ts";

export const reportVerb = verb({
  name: "report",
  reader: "operator",
  summary: "Shows liability, fees, and the books against the chain",
  details: "For operators and auditors. The exit code is 1 if the books do not reconcile.",
  examples: [
    "report --key-file operator.key",
    "report --since 2026-11-01 --csv --key-file operator.key",
  ],
  asks: null,
  options: { ...RANGE, csv: flag("as CSV") },
  async run(context, { csv, ...range }) {
    const query = rangeQuery(range);
    if (csv) {
      const text = await fetchCsv(context, "/v1/report", query);
      return { data: { csv: text }, csv: text };
    }
    const report = await context.api.call(getReport, { query });
    return { ...show(report), hasFailed: !report.reconciled };
  },
});
