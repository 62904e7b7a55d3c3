import { approveProvider } from "@compute-credits/client/providers/approveProvider";
import { ADDRESS, flag, required } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

export const approveVerb = verb({
  name: "approve",
  reader: "operator",
  summary: "Lets a provider charge here, or ends that",
  details: "The wallet's address is in the server's OPERATORS.",
  examples: [
    "approve --provider 0x… --key-file operator.key",
    "approve --provider 0x… --end --key-file operator.key",
  ],
  asks: "permits",
  options: {
    provider: required(ADDRESS, "which provider"),
    end: flag("ends the approval: nothing more is charged"),
  },
  async run(context, { provider, end }) {
    const decision = { provider, approved: !end };
    return show(await approveProvider(context.publicApi, await context.signing(), decision));
  },
});
