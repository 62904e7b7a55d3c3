import { readChainFacts } from "@compute-credits/client/verify/chainFacts";
import type { Result } from "@compute-credits/client/verify/finding";
import { createServerAnswers } from "@compute-credits/client/verify/serverAnswers";
import { verifyAccount } from "@compute-credits/client/verify/verifyAccount";
import { SignedReceiptJson } from "@compute-credits/protocol/json/receipt";
import { readJsonFile } from "../context/jsonFile.ts";
import { ADDRESS, AMOUNT, FILE, optional, repeated } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

const SIGNS: Readonly<Record<Result, string>> = {
  holds: "✔",
  fails: "✘",
  not_yet: "…",
  not_checked: "–",
};

export const verifyVerb = verb({
  name: "verify",
  reader: "user",
  summary: "Checks what the server says against the chain",
  details:
    "Purchases, rows, proofs and charges, each with what to do about it. ✔ holds, ✘ fails, … cannot " +
    "be told yet, – was not checked. With --copies it also counts what you signed and the server does " +
    "not show. The exit code is 1 if a check fails. Trusts only the chain at " +
    "--rpc, best your own node; npm run verify also trusts no server for the contract's address.",
  examples: ["verify --wallet alice", "verify --account 0x… --ceiling 50 --bearer-file view.key"],
  asks: null,
  options: {
    account: optional(ADDRESS, "in place of the wallet or of the key's account"),
    ceiling: optional(AMOUNT, "the most that you know to have signed for"),
    receipt: repeated(FILE, "a provider's receipt, as the verb receipts wrote it"),
  },
  async run(context, { account: given, ceiling, receipt }) {
    const account = await context.party(given);
    const [{ deploymentBlock }, on] = await Promise.all([context.deployment(), context.chain()]);
    const receipts = await Promise.all(
      receipt.map((path) => readJsonFile("--receipt", path, SignedReceiptJson)),
    );
    const verify = async () =>
      await verifyAccount(account, {
        chain: await readChainFacts({ ...on, deploymentBlock }, account),
        server: createServerAnswers(context.server, context.credentials),
        receipts,
        ...(context.copies === null ? {} : { copies: context.copies }),
        ...(ceiling === undefined ? {} : { ceilingMicros: ceiling }),
      });
    const findings = await context.progress("checking against the chain", verify());
    const lines = findings.flatMap(({ result, text, remedy }) => [
      `${SIGNS[result]} ${text}`,
      ...(remedy === undefined ? [] : [`    ${remedy}`]),
    ]);
    const hasFailed = findings.some(({ result }) => result === "fails");
    return { ...show({ account, findings }, lines), hasFailed };
  },
});
