import { exit, exitWithoutProof, freeze } from "@compute-credits/client/chain/exit";
import { ADDRESS, flag, optional, required } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

export const exitVerb = verb({
  name: "exit",
  reader: "user",
  summary: "Takes credits and earnings out of a frozen vault",
  details:
    "With the proof that the server has of the party's row in the last final checkpoint, at once. " +
    "With --without-proof it needs no server but for the vault's address, and pays what is unspent " +
    "by the settled rows, after the exit grace. The party is paid, whoever sends it.",
  examples: ["exit --key-file ~/wallet.key", "exit --without-proof --key-file ~/wallet.key"],
  asks: "moves",
  options: {
    party: optional(ADDRESS, "whose, in place of the wallet's own"),
    withoutProof: flag("after the exit grace, if no proof can be had"),
  },
  async run(context, { party: given, withoutProof }) {
    const party = await context.party(given);
    const send = async () => {
      const connection = await context.wallet();
      if (withoutProof) return await exitWithoutProof(connection, party);
      const { row, proof } = await context.metering.proof(party);
      return await exit(connection, row, proof);
    };
    const receipt = await context.progress("waiting for the block with the exit", send());
    const { transactionHash, blockNumber, gasUsed } = receipt;
    return show({ party, transactionHash, blockNumber, gasUsed });
  },
});

export const freezeVerb = verb({
  name: "freeze",
  reader: "user",
  summary: "Freezes the vault because a refund is overdue",
  details:
    "For good: afterwards every party exits. The contract refuses while no refund is overdue.",
  examples: ["freeze --account 0x… --key-file ~/wallet.key"],
  asks: "lasts",
  options: { account: required(ADDRESS, "whose refund is overdue") },
  async run(context, { account }) {
    const sent = freeze(await context.wallet(), account);
    const receipt = await context.progress("waiting for the block with the freeze", sent);
    const { transactionHash, blockNumber, gasUsed } = receipt;
    return show({ account, transactionHash, blockNumber, gasUsed });
  },
});
