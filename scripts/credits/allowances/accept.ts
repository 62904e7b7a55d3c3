import type { Address } from "viem";

import { accept } from "@compute-credits/client/allowances/accept";
import { endAcceptance } from "@compute-credits/client/allowances/endAcceptance";
import { signAcceptance } from "@compute-credits/client/wallet/signedAcceptance";
import type { Context } from "../context/context.ts";
import { ADDRESS, required } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

const options = { account: required(ADDRESS, "whose credits") };

export const acceptVerb = verb({
  name: "accept",
  reader: "user",
  summary: "Lets an account pay for this spender",
  details: "The spender is the API key in --bearer-file, or the wallet. See the verb offers.",
  examples: ["accept --account 0x… --bearer-file agent.key"],
  asks: null,
  options,
  run: async (context, { account }) =>
    show(await accept(context.api, await wordOf(context, account, true))),
});

export const declineVerb = verb({
  name: "decline",
  reader: "user",
  summary: "Lets an account pay for nothing new",
  details:
    "The spender is the API key in --bearer-file, or the wallet. Open holds can still be captured.",
  examples: ["decline --account 0x… --bearer-file agent.key --yes"],
  asks: "lasts",
  options,
  async run(context, { account }) {
    await context.confirmRequest(`Lets ${account} pay for nothing new of this API key.`);
    return show(await endAcceptance(context.api, await wordOf(context, account, false)));
  },
});

/** The account alone if the key speaks, or else what the wallet signs of it. */
async function wordOf(context: Context, account: Address, accepted: boolean) {
  if (context.keys.bearer !== null) return { account };
  const { wallet, deployment, copies } = await context.signing();
  return await signAcceptance(wallet, deployment, { account, accepted }, copies);
}
