import { readProviderStatement } from "@compute-credits/client/insight/readProviderStatement";
import { readStatement } from "@compute-credits/client/insight/readStatement";
import { readStatementCsv } from "@compute-credits/client/insight/readStatementCsv";
import { ADDRESS, choice, flag, optional, withDefault } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show, showCsv } from "../output/shown.ts";
import { RANGE, rangeOf } from "./range.ts";

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
  async run({ api, party }, { of, party: given, csv, ...times }) {
    const address = await party(given);
    const range = rangeOf(times);
    if (of === "account") {
      const asked = { account: address, ...range };
      return csv
        ? showCsv(await readStatementCsv(api, asked))
        : show(await readStatement(api, asked));
    }
    const asked = { provider: address, ...range };
    return csv
      ? showCsv(await readStatementCsv(api, asked))
      : show(await readProviderStatement(api, asked));
  },
});
