import { acceptAccount, endAcceptance } from "@compute-credits/api/allowances/acceptances";
import { signAcceptance } from "@compute-credits/client/wallet/signedAcceptance";
import type { Address } from "viem";
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
  run: (context, { account }) => say(context, account, true),
});

export const declineVerb = verb({
  name: "decline",
  reader: "user",
  summary: "Lets an account pay for nothing new",
  details: "The spender is the API key in --bearer-file, or the wallet. Open holds are captured.",
  examples: ["decline --account 0x… --bearer-file agent.key --yes"],
  asks: "lasts",
  options,
  run: (context, { account }) => say(context, account, false),
});

async function say(context: Context, account: Address, accepted: boolean) {
  const route = accepted ? acceptAccount : endAcceptance;
  if (context.keys.bearer !== null) {
    await context.confirm();
    return show(await context.api.call(route, { body: { account } }));
  }
  const { wallet, deployment } = await context.signing();
  const body = await signAcceptance(wallet, deployment, { account, accepted });
  return show(await context.publicApi.call(route, { body }));
}
