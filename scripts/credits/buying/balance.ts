import { readAccount } from "@compute-credits/client/chain/readLens";
import { ADDRESS, flag, optional } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";
import { balanceLines } from "./balanceLines.ts";

export const balanceVerb = verb({
  name: "balance",
  reader: "user",
  summary: "Shows what an account has",
  details:
    "From the ledger now; with --on-chain what the chain shows, without asking the ledger. For the " +
    "account's wallet, its view key, the provider itself, operators and auditors.",
  examples: ["balance --wallet alice", "balance --bearer-file view.key --json"],
  asks: null,
  options: {
    account: optional(ADDRESS, "in place of the wallet or of the key's account"),
    onChain: flag("what the chain shows, in place of the ledger"),
  },
  async run(context, { account, onChain }) {
    const address = await context.party(account);
    if (!onChain) {
      const balance = await context.metering.balance(address);
      return show(balance, balanceLines(balance));
    }
    return show({ account: address, ...(await readAccount(await context.lens(), address)) });
  },
});
