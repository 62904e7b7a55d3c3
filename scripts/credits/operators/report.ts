import { getReport } from "@compute-credits/api/insight/report";
import { rangeQuery } from "@compute-credits/client/insight/range";
import { readReport } from "@compute-credits/client/insight/readReport";
import { flag } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { RANGE, rangeOf } from "../insight/range.ts";
import { show, showCsv } from "../output/shown.ts";

export const reportVerb = verb({
  name: "report",
  reader: "operator",
  summary: "Shows liability, fees, and the books against the chain",
  details:
    "For operators and auditors: the books of now, and the fees of a range. The verb liability has " +
    "those of a past day. The exit code is 1 if the books do not reconcile.",
  examples: [
    "report --key-file operator.key",
    "report --since 2026-11-01 --csv --key-file operator.key",
  ],
  asks: null,
  options: { ...RANGE, csv: flag("as CSV") },
  async run(context, { csv, ...times }) {
    if (csv) {
      const query = rangeQuery(rangeOf(times));
      return showCsv(await context.api.text(getReport, { query }, "text/csv"));
    }
    const report = await readReport(context.api, rangeOf(times));
    return { ...show(report), hasFailed: !report.reconciled };
  },
});
