import { getLiability } from "@compute-credits/api/insight/liability";
import { readLiability } from "@compute-credits/client/insight/readLiability";
import { TIME, flag, optional } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show, showCsv } from "../output/shown.ts";

export const liabilityVerb = verb({
  name: "liability",
  reader: "operator",
  summary: "Shows what was owed at any past moment",
  details:
    "For operators and auditors. For the end of a day give the day after it. Compared with the " +
    "chain; the exit code is 1 if the books do not reconcile.",
  examples: [
    "liability --as-of 2026-12-01 --key-file operator.key",
    "liability --as-of 2026-12-01 --csv --key-file operator.key",
  ],
  asks: null,
  options: {
    asOf: optional(TIME, "what was recorded before it counts; now if absent"),
    csv: flag("as CSV"),
  },
  async run(context, { asOf, csv }) {
    if (csv) {
      const query = asOf === undefined ? {} : { asOf: asOf.toISOString() };
      return showCsv(await context.api.text(getLiability, { query }, "text/csv"));
    }
    const liability = await readLiability(context.api, asOf === undefined ? {} : { asOf });
    return { ...show(liability), hasFailed: !liability.reconciled };
  },
});
