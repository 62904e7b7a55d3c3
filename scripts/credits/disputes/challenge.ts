import type { TransactionReceipt } from "viem";

import { type Court, createCourt } from "@compute-credits/client/chain/court";
import { answerChallenge } from "@compute-credits/client/disputes/answerChallenge";
import { SignedReceiptJson } from "@compute-credits/protocol/json/receipt";
import type { Context } from "../context/context.ts";
import { readJsonFile } from "../context/jsonFile.ts";
import { ADDRESS, FILE, optional, required } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";
import { provenRow } from "./provenRows.ts";

const party = optional(ADDRESS, "whose row, in place of the wallet's own");

const STAKE = "It stakes ether, which comes back if the challenge succeeds.";

export const challengeRowVerb = verb({
  name: "challenge row",
  reader: "user",
  summary: "Disputes a row that charges more than was signed for",
  details: `The operator must answer with a signed cap, or the checkpoint is dropped. ${STAKE}`,
  examples: ["challenge row --key-file ~/wallet.key"],
  asks: "moves",
  options: { party },
  async run(context, { party: given }) {
    const shown = await provenRow(context, await context.party(given), "pending");
    return await send(context, (court) => court.challengeRow(shown), shown.row);
  },
});

export const challengeOmissionVerb = verb({
  name: "challenge omission",
  reader: "user",
  summary: "Disputes a checkpoint that lacks a final row",
  details: STAKE,
  examples: ["challenge omission --party 0x… --key-file ~/wallet.key"],
  asks: "moves",
  options: { party },
  async run(context, { party: given }) {
    const shown = await provenRow(context, await context.party(given), "final");
    return await send(context, (court) => court.challengeOmission(shown), shown.row);
  },
});

export const challengeEarningsVerb = verb({
  name: "challenge earnings",
  reader: "provider",
  summary: "Disputes a checkpoint that pays less than a receipt",
  details: STAKE,
  examples: ["challenge earnings --receipt receipt.json --key-file ~/wallet.key"],
  asks: "moves",
  options: { receipt: required(FILE, "as the verb receipts wrote it") },
  async run(context, { receipt: path }) {
    const { receipt, signatures } = await readJsonFile("--receipt", path, SignedReceiptJson);
    return await send(context, (court) => court.challengeEarnings(receipt, signatures), receipt);
  },
});

export const registerReceiptVerb = verb({
  name: "receipts register",
  reader: "provider",
  summary: "Records a receipt on chain, before signers change",
  examples: ["receipts register --receipt receipt.json --key-file ~/wallet.key"],
  asks: "moves",
  options: { receipt: required(FILE, "as the verb receipts wrote it") },
  async run(context, { receipt: path }) {
    const { receipt, signatures } = await readJsonFile("--receipt", path, SignedReceiptJson);
    return await send(context, (court) => court.registerReceipt(receipt, signatures), receipt);
  },
});

const account = required(ADDRESS, "whose row is challenged");
const challenger = required(ADDRESS, "who challenged it");

export const answerVerb = verb({
  name: "challenge answer",
  reader: "operator",
  summary: "Answers a challenge with the signed cap; earns the stake",
  details:
    "Shows the row of the pending checkpoint, with the final row or a signed cap that covers it: of " +
    "the server, which anyone may read while a challenge is open, or of --copies. Anyone may.",
  examples: ["challenge answer --account 0x… --challenger 0x… --key-file operator.key"],
  asks: "moves",
  options: { account, challenger },
  async run(context, { account: address, challenger: by }) {
    const { api, copies } = context;
    const asked = { account: address, challenger: by, ...(copies === null ? {} : { copies }) };
    const answered = answerChallenge(await context.wallet(), api, asked);
    const receipt = await context.progress("waiting for the block with the answer", answered);
    const { transactionHash, blockNumber, gasUsed } = receipt;
    return show({ account: address, challenger: by, transactionHash, blockNumber, gasUsed });
  },
});

export const dropVerb = verb({
  name: "challenge drop",
  reader: "user",
  summary: "Drops a checkpoint whose challenge nobody answered",
  details: "After the answer window. The challenger's stake returns.",
  examples: ["challenge drop --account 0x… --challenger 0x… --key-file ~/wallet.key"],
  asks: "moves",
  options: { account, challenger },
  run: (context, { account: address, challenger: by }) =>
    send(context, (court) => court.dropUnanswered(address, by), { account: address }),
});

export const withdrawStakeVerb = verb({
  name: "challenge withdraw",
  reader: "user",
  summary: "Pays returned stakes and rewards out",
  examples: ["challenge withdraw --key-file ~/wallet.key"],
  asks: "moves",
  options: {},
  run: (context) => send(context, (court) => court.withdrawStake(), {}),
});

async function send(
  context: Context,
  act: (court: Court) => Promise<TransactionReceipt>,
  about: object,
) {
  const court = await createCourt(await context.wallet());
  const receipt = await context.progress("waiting for the block with it", act(court));
  const { transactionHash, blockNumber, gasUsed } = receipt;
  return show({ ...about, court: court.address, transactionHash, blockNumber, gasUsed });
}
