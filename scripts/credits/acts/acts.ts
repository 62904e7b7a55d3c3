import { readActs } from "@compute-credits/client/acts/readActs";
import { ADDRESS, TEXT, cursorOf, optional, rowsAtMost } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";

export const actsVerb = verb({
  name: "acts",
  reader: "user",
  summary: "Lists who changed what, when and from where",
  details:
    "Of the wallet's account. Name a provider or another account as that party, or operator.",
  examples: ["acts --wallet alice", "acts --act issueGrants --wallet alice"],
  asks: null,
  options: {
    account: optional(ADDRESS, "in place of the wallet's account"),
    provider: optional(ADDRESS, "acts about this provider, in place of an account's"),
    act: optional(TEXT, "only acts of this operationId, such as issueGrants"),
    limit: rowsAtMost(1_000),
    cursor: cursorOf(TEXT),
  },
  async run(context, { account, provider, act, limit, cursor }) {
    const of = provider === undefined ? { account: await context.party(account) } : { provider };
    const page = { limit, ...(cursor === undefined ? {} : { cursor }) };
    const answer = await readActs(context.api, { ...of, ...page, ...(act && { act }) });
    const acts = answer.acts.map(({ at, act: done, actor, clientAddress, details }) => ({
      at,
      act: done,
      by: `${actor.kind} ${actor.id ?? ""}`.trim(),
      from: clientAddress,
      details: JSON.stringify(details),
    }));
    return show(answer, humanLines({ acts, nextCursor: answer.nextCursor }));
  },
});
