import { settleRow } from "@compute-credits/client/chain/credits";
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
    const proven = await context.metering.proof(await context.party(party));
    const sent = settleRow(await context.wallet(), proven);
    const receipt = await context.progress("waiting for the block with the settlement", sent);
    const { transactionHash, blockNumber, gasUsed } = receipt;
    const { epoch, row } = proven;
    return show({ epoch, row, transactionHash, blockNumber, gasUsed }, [
      `settled by checkpoint ${epoch} (gas ${gasUsed})`,
    ]);
  },
});
