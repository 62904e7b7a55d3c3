import { formatCredits } from "@compute-credits/protocol/amounts";
import { issueGrants, listAccountGrants, listGrants } from "@compute-credits/api/allowances/grants";
import {
  ADDRESS,
  AMOUNT,
  ID,
  SPENDER,
  TEXT,
  TIME,
  cursorOf,
  optional,
  required,
  rowsAtMost,
} from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { secondsOf } from "../allowances/seconds.ts";
import { issuingApi } from "./issuingApi.ts";
import { shownAllowance } from "../allowances/shownAllowance.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";

export const issueGrantVerb = verb({
  name: "grants issue",
  reader: "user",
  summary: "Gives a spender credits out of a campaign",
  details:
    "With an issuing key in --bearer-file, or the wallet of the campaign's owner. The same --id " +
    "again changes nothing.",
  examples: [
    "grants issue --campaign 0x… --id march-7 --spender 0x… --credits 5 --bearer-file issuing.key --yes",
  ],
  asks: "moves",
  options: {
    campaign: required(ID, "the allowance that it comes from"),
    id: required(TEXT, "your own name of the grant, unique in the campaign"),
    spender: required(SPENDER, "who may spend it"),
    credits: required(AMOUNT, "how many credits"),
    expires: optional(TIME, "nothing is spent from then on"),
  },
  async run(context, { campaign, id, spender, credits: limit, expires }) {
    const expiresAt = expires === undefined ? null : secondsOf(expires);
    const body = { grants: [{ id, spender, limit, expiresAt }] };
    const words = `Gives ${spender} ${formatCredits(limit)} credits out of ${campaign}.`;
    const api = await issuingApi(context, words);
    const answer = await api.call(issueGrants, { params: { id: campaign }, body });
    return { ...show(answer), hasFailed: answer.refused > 0 };
  },
});

export const listGrantsVerb = verb({
  name: "grants list",
  reader: "user",
  summary: "Lists the grants of a campaign, or an account",
  examples: ["grants list --campaign 0x… --bearer-file issuing.key", "grants list --wallet alice"],
  asks: null,
  options: {
    campaign: optional(ID, "only of this campaign"),
    account: optional(ADDRESS, "in place of the wallet or of the key's account"),
    limit: rowsAtMost(1_000),
    cursor: cursorOf(ID),
  },
  async run(context, { campaign, account, limit, cursor }) {
    const query = { limit, ...(cursor === undefined ? {} : { cursor }) };
    const page =
      campaign === undefined
        ? await context.api.call(listAccountGrants, {
            params: { address: await context.party(account) },
            query,
          })
        : await context.api.call(listGrants, { params: { id: campaign }, query });
    const grants = page.grants.map((grant) => ({ key: grant.key, ...shownAllowance(grant) }));
    return show(page, humanLines({ grants, nextCursor: page.nextCursor }));
  },
});
