import { listAcceptances } from "@compute-credits/api/allowances/acceptances";
import { getAllowance } from "@compute-credits/api/allowances/allowances";
import { readAllowances } from "@compute-credits/client/allowances/readAllowances";
import { readOffers } from "@compute-credits/client/allowances/readOffers";
import { ADDRESS, ID, SPENDER, cursorOf, optional, rowsAtMost } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";
import { shownAllowance } from "./shownAllowance.ts";

const limit = rowsAtMost(1_000);

export const allowancesVerb = verb({
  name: "allowances",
  reader: "user",
  summary: "Lists the allowances that an owner signed",
  examples: ["allowances --wallet alice", "allowances --id 0x… --bearer-file agent.key"],
  asks: null,
  options: {
    account: optional(ADDRESS, "in place of the wallet or of the key's account"),
    id: optional(ID, "only this one"),
    limit,
    cursor: cursorOf(ID),
  },
  async run(context, { account, id, limit: most, cursor }) {
    if (id !== undefined) {
      const found = await context.api.call(getAllowance, { params: { id } });
      return show(found, humanLines(shownAllowance(found)));
    }
    const address = await context.party(account);
    const of = { account: address, limit: most, ...(cursor === undefined ? {} : { cursor }) };
    const page = await readAllowances(context.api, of);
    const { allowances, nextCursor } = page;
    return show(
      { account: address, ...page },
      humanLines({ account: address, allowances: allowances.map(shownAllowance), nextCursor }),
    );
  },
});

const pageOfAccounts = {
  spender: optional(SPENDER, "in place of the key's or the wallet's own"),
  limit,
  cursor: cursorOf(ADDRESS),
};

export const offersVerb = verb({
  name: "offers",
  reader: "user",
  summary: "Lists accounts that wait for acceptance",
  examples: ["offers --bearer-file agent.key"],
  asks: null,
  options: pageOfAccounts,
  async run(context, { spender: given, limit: most, cursor }) {
    const spender = await context.spender(given);
    const of = { spender, limit: most, ...(cursor === undefined ? {} : { cursor }) };
    return show(await readOffers(context.api, of));
  },
});

export const acceptancesVerb = verb({
  name: "acceptances",
  reader: "user",
  summary: "Lists accounts that the spender accepts",
  examples: ["acceptances --bearer-file agent.key"],
  asks: null,
  options: pageOfAccounts,
  async run(context, { spender: given, limit: most, cursor }) {
    const spender = await context.spender(given);
    const query = { limit: most, ...(cursor === undefined ? {} : { cursor }) };
    return show(await context.api.call(listAcceptances, { params: { spender }, query }));
  },
});
