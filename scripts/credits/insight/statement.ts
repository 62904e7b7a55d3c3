import { getAccountStatement, getProviderStatement } from "@compute-credits/api/insight/statements";
import { ADDRESS, choice, flag, optional, withDefault } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";
import { fetchCsv } from "./csv.ts";
import { RANGE, rangeQuery } from "./range.ts";

export const statementVerb = verb({
  name: "statement",
  reader: "user",
  summary: "Lists movements between two balances, and reconciles them",
  details: "For people, with --json, or with --csv for a spreadsheet.",
  examples: [
    "statement --since 2026-11-01 --until 2026-12-01 --csv --bearer-file view.key",
    "statement --of provider --bearer-file provider.key",
  ],
  asks: null,
  options: {
    of: withDefault(choice("account", "provider"), "whose statement it is", "account"),
    party: optional(ADDRESS, "in place of the wallet or of the key's own"),
    ...RANGE,
    csv: flag("as CSV"),
  },
  async run(context, { of, party, csv, ...range }) {
    const address = await context.party(party);
    const query = rangeQuery(range);
    if (csv) {
      const path = `/v1/${of === "account" ? "accounts" : "providers"}/${address}/statement`;
      const text = await fetchCsv(context, path, query);
      return { data: { csv: text }, csv: text };
    }
    const params = { address };
    return of === "account"
      ? show(await context.api.call(getAccountStatement, { params, query }))
      : show(await context.api.call(getProviderStatement, { params, query }));
  },
});
