import { requestRefund } from "@compute-credits/client/chain/credits";
import { formatCredits } from "@compute-credits/protocol/amounts";
import { AMOUNT, required } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

export const refundVerb = verb({
  name: "refund",
  reader: "user",
  summary: "Asks unspent credits of the wallet back",
  details:
    "They come with one of the next two checkpoints, or the vault may be frozen when the refund " +
    "window is over. Ends every allowance that the wallet signed before.",
  examples: ["refund --credits 100 --wallet alice"],
  asks: "moves",
  options: { credits: required(AMOUNT, "how many credits") },
  async run(context, { credits: creditMicros }) {
    const sent = requestRefund(await context.wallet(), creditMicros);
    const receipt = await context.progress("waiting for the block with the request", sent);
    const { transactionHash, blockNumber, gasUsed } = receipt;
    return show({ creditMicros, transactionHash, blockNumber, gasUsed }, [
      `asked for ${formatCredits(creditMicros)} credits (gas ${gasUsed}); they come with one of the next two checkpoints`,
    ]);
  },
});
