import { getReport } from "@compute-credits/api/insight/report";
import { rangeQuery } from "@compute-credits/client/insight/range";
import { flag } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { RANGE, rangeOf } from "../insight/range.ts";
import { show, showCsv } from "../output/shown.ts";

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
  async run(context, { csv, ...times }) {
    const query = rangeQuery(rangeOf(times));
    if (csv) return showCsv(await context.api.text(getReport, { query }, "text/csv"));
    const report = await context.api.call(getReport, { query });
    return { ...show(report), hasFailed: !report.reconciled };
  },
});
