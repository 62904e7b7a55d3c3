import { getAccountUsage, getProviderEarnings } from "@compute-credits/api/insight/usageSums";
import { rangeQuery } from "@compute-credits/client/insight/range";
import { readEarnings } from "@compute-credits/client/insight/readEarnings";
import { readUsageSums } from "@compute-credits/client/insight/readUsageSums";
import { ADDRESS, choice, flag, optional, withDefault } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show, showCsv } from "../output/shown.ts";
import { RANGE, rangeOf } from "./range.ts";

const csv = flag("as CSV");

export const usageVerb = verb({
  name: "usage",
  reader: "user",
  summary: "Sums of what an account was charged",
  examples: [
    "usage --group-by day --wallet alice",
    "usage --since 2026-11-01 --csv --bearer-file view.key",
  ],
  asks: null,
  options: {
    account: optional(ADDRESS, "in place of the wallet or of the key's account"),
    groupBy: withDefault(
      choice("meter", "day", "spender", "provider", "allowance"),
      "a row each",
      "meter",
    ),
    ...RANGE,
    csv,
  },
  async run({ api, party }, { account: given, groupBy, csv: asCsv, ...times }) {
    const account = await party(given);
    const range = rangeOf(times);
    if (!asCsv) return show(await readUsageSums(api, { account, groupBy, ...range }));
    const sent = { params: { address: account }, query: { ...rangeQuery(range), groupBy } };
    return showCsv(await api.text(getAccountUsage, sent, "text/csv"));
  },
});

export const earningsVerb = verb({
  name: "earnings",
  reader: "provider",
  summary: "Sums of what a provider charged and earned",
  examples: ["earnings --group-by day --bearer-file provider.key"],
  asks: null,
  options: {
    provider: optional(ADDRESS, "in place of the wallet or of the key's provider"),
    groupBy: withDefault(
      choice("meter", "day", "spender", "account", "allowance"),
      "a row each",
      "meter",
    ),
    ...RANGE,
    csv,
  },
  async run({ api, party }, { provider: given, groupBy, csv: asCsv, ...times }) {
    const provider = await party(given);
    const range = rangeOf(times);
    if (!asCsv) return show(await readEarnings(api, { provider, groupBy, ...range }));
    const sent = { params: { address: provider }, query: { ...rangeQuery(range), groupBy } };
    return showCsv(await api.text(getProviderEarnings, sent, "text/csv"));
  },
});
