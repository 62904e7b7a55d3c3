import type { Address } from "viem";

import { redeem } from "@compute-credits/client/allowances/redeem";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import { signAcceptance } from "@compute-credits/client/wallet/signedAcceptance";
import type { Context } from "../context/context.ts";
import { shownAllowance } from "../allowances/shownAllowance.ts";
import { ADDRESS, ID, TEXT, optional, required } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";

export const redeemVerb = verb({
  name: "redeem",
  reader: "user",
  summary: "Redeems a promotion code for a grant",
  details:
    "For the API key in --bearer-file. A wallet names the --account that issued the code, and signs " +
    "that it accepts its credits. A spender redeems a code once.",
  examples: ["redeem --campaign 0x… --code 7K2M-9XQ4-W1ZB-8HTN --bearer-file agent.key"],
  asks: null,
  options: {
    campaign: required(ID, "as the issuer of the code has named it"),
    code: required(TEXT, "as it was printed"),
    account: optional(ADDRESS, "for a wallet: whose credits they are"),
  },
  async run(context, { campaign, code, account }) {
    const grant = await redeem(context.api, {
      campaign,
      code,
      ...(context.keys.bearer === null && { acceptance: await acceptanceOf(context, account) }),
    });
    return show(grant, humanLines(shownAllowance(grant)));
  },
});

async function acceptanceOf(context: Context, account: Address | undefined) {
  if (account === undefined) {
    throw new UsageError("A wallet that redeems a code names its issuer: give --account.");
  }
  const { wallet, deployment, copies } = await context.signing();
  return await signAcceptance(wallet, deployment, { account }, copies);
}
