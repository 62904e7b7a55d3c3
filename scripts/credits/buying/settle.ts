import { settle } from "@compute-credits/client/chain/settle";
import { ADDRESS, optional } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

export const settleVerb = verb({
  name: "settle",
  reader: "user",
  summary: "Settles a row: pays earnings and refunds",
  details:
    "Takes the row of the last final checkpoint with its proof from the server, and sends it to the " +
    "vault, which burns what was spent. Anyone may settle any row: the party is paid.",
  examples: ["settle --wallet provider", "settle --party 0x… --key-file ~/wallet.key"],
  asks: "moves",
  options: { party: optional(ADDRESS, "whose row, in place of the wallet's own") },
  async run(context, { party }) {
    const named = { party: await context.party(party) };
    const sent = settle(await context.wallet(), context.publicApi, named);
    const done = await context.progress("waiting for the block with the settlement", sent);
    const { transactionHash, blockNumber, gasUsed } = done.receipt;
    const { epoch, row } = done.settled;
    return show({ epoch, row, transactionHash, blockNumber, gasUsed }, [
      `settled by checkpoint ${epoch} (gas ${gasUsed})`,
    ]);
  },
});
