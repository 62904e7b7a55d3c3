import {
  listAccountDebits,
  listProviderDebits,
  listSpenderDebits,
} from "@compute-credits/api/insight/debits";
import { rangeQuery } from "@compute-credits/client/insight/range";
import {
  ADDRESS,
  SPENDER,
  TEXT,
  choice,
  cursorOf,
  optional,
  rowsAtMost,
  withDefault,
} from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";
import { RANGE, rangeOf } from "./range.ts";

export const debitsVerb = verb({
  name: "debits",
  reader: "user",
  summary: "Lists what was charged, newest first",
  details: "Of an account by default; --of spender and --of provider read theirs.",
  examples: ["debits --wallet alice --limit 20", "debits --of spender --bearer-file agent.key"],
  asks: null,
  options: {
    of: withDefault(choice("account", "spender", "provider"), "whose view it is", "account"),
    party: optional(ADDRESS, "the account or provider, in place of the wallet or the key's own"),
    spender: optional(SPENDER, "only of this spender"),
    meter: optional(TEXT, "only of this meter"),
    ...RANGE,
    limit: rowsAtMost(1_000),
    cursor: cursorOf(TEXT),
  },
  async run(context, { of, party, spender, meter, limit, cursor, ...range }) {
    const query = {
      ...rangeQuery(rangeOf(range)),
      limit,
      ...(meter === undefined ? {} : { meter }),
      ...(cursor === undefined ? {} : { cursor }),
    };
    const ofOne = { ...query, ...(spender === undefined ? {} : { spender }) };
    const read = async () => {
      if (of === "spender") {
        const params = { spender: await context.spender(spender) };
        return await context.api.call(listSpenderDebits, { params, query });
      }
      const params = { address: await context.party(party) };
      return of === "account"
        ? await context.api.call(listAccountDebits, { params, query: ofOne })
        : await context.api.call(listProviderDebits, { params, query: ofOne });
    };
    const page = await read();
    const debits = page.debits.map((debit) => ({
      recorded: debit.occurredAt,
      provider: debit.provider,
      event: debit.eventId,
      meter: debit.meter,
      quantity: debit.quantity,
      amountMicros: debit.amountMicros,
      voided: debit.voidedAt,
    }));
    return show(page, humanLines({ debits, nextCursor: page.nextCursor }));
  },
});
