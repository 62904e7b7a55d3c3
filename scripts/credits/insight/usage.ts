import { getAccountUsage, getProviderEarnings } from "@compute-credits/api/insight/usageSums";
import { ADDRESS, choice, flag, optional, withDefault } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";
import { fetchCsv } from "./csv.ts";
import { RANGE, rangeQuery } from "./range.ts";

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
  async run(context, { account, groupBy, csv: asCsv, ...range }) {
    const address = await context.party(account);
    const query = { ...rangeQuery(range), groupBy };
    if (!asCsv)
      return show(await context.api.call(getAccountUsage, { params: { address }, query }));
    const text = await fetchCsv(context, `/v1/accounts/${address}/usage`, query);
    return { data: { csv: text }, csv: text };
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
  async run(context, { provider, groupBy, csv: asCsv, ...range }) {
    const address = await context.party(provider);
    const query = { ...rangeQuery(range), groupBy };
    if (!asCsv) {
      return show(await context.api.call(getProviderEarnings, { params: { address }, query }));
    }
    const text = await fetchCsv(context, `/v1/providers/${address}/earnings`, query);
    return { data: { csv: text }, csv: text };
  },
});
