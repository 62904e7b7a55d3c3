import { readCapProof } from "@compute-credits/client/accounts/readCapProof";
import { readProof } from "@compute-credits/client/accounts/readProof";
import { ADDRESS, flag, optional, whole } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";

export const proofVerb = verb({
  name: "proof",
  reader: "user",
  summary: "Shows a party's row and proof in the final checkpoint",
  details: "What the vault's settle and exit take. Keep it with --json: you exit with it alone.",
  examples: ["proof --wallet alice --json", "proof --party 0x…"],
  asks: null,
  options: {
    party: optional(ADDRESS, "whose, in place of the wallet or of the key's own"),
    pending: flag("in the pending checkpoint, which settles nothing yet"),
  },
  async run(context, { party: given, pending }) {
    const party = await context.party(given);
    const of = pending ? "pending" : "final";
    const proven = await readProof(context.publicApi, { party, of });
    const { epoch, root, row, proof } = proven;
    const { spent: spentMicros, refunded: refundedMicros, earned: earnedMicros } = row;
    const amounts = { spentMicros, refundedMicros, earnedMicros };
    return show(proven, humanLines({ party, epoch, root, ...amounts, proof }));
  },
});

export const capProofVerb = verb({
  name: "cap-proof",
  reader: "operator",
  summary: "Shows the signed allowance that proves an account's cap",
  details:
    "For the account's owner, its view keys, operators and auditors; for anyone while a challenge " +
    "on the account is open.",
  examples: ["cap-proof --account 0x… --key-file auditor.key"],
  asks: null,
  options: {
    account: optional(ADDRESS, "in place of the wallet or of the key's account"),
    counter: optional(whole(0n, 2n ** 64n - 1n), "the account's current one if absent"),
  },
  async run(context, { account: given, counter }) {
    const account = await context.party(given);
    const asked = { account, ...(counter === undefined ? {} : { counter }) };
    const { api, publicApi, keys } = context;
    const isKnown = keys.bearer !== null || keys.source !== null;
    return show(await readCapProof(isKnown ? api : publicApi, asked));
  },
});
