import { UsageError } from "@compute-credits/platform/process/commandLine";
import { readActs } from "@compute-credits/client/acts/readActs";
import { ADDRESS, TEXT, cursorOf, flag, optional, rowsAtMost } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";

export const actsVerb = verb({
  name: "acts",
  reader: "user",
  summary: "Lists who changed what, when and from where",
  details:
    "Of the wallet's account. Name a provider or another account as that party, or operator. With " +
    "--all those of all parties, for operators.",
  examples: [
    "acts --wallet alice",
    "acts --act issueGrants --wallet alice",
    "acts --all --key-file operator.key",
  ],
  asks: null,
  options: {
    account: optional(ADDRESS, "in place of the wallet's account"),
    provider: optional(ADDRESS, "acts about this provider, in place of an account's"),
    all: flag("acts of all parties"),
    act: optional(TEXT, "only acts of this operationId, such as issueGrants"),
    limit: rowsAtMost(1_000),
    cursor: cursorOf(TEXT),
  },
  async run(context, { account, provider, all, act, limit, cursor }) {
    if ([account !== undefined, provider !== undefined, all].filter(Boolean).length > 1) {
      throw new UsageError("Give one of --account, --provider and --all: whose acts.");
    }
    const ofOne = async () =>
      provider === undefined ? { account: await context.party(account) } : { provider };
    const of = all ? {} : await ofOne();
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
