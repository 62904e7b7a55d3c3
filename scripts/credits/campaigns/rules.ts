import { formatCredits } from "@compute-credits/protocol/amounts";
import { RULE_KINDS } from "@compute-credits/protocol/json/ruleKinds";
import { claimGrant } from "@compute-credits/client/campaigns/claimGrant";
import { closeCampaignRule } from "@compute-credits/client/campaigns/closeCampaignRule";
import { readCampaignRule } from "@compute-credits/client/campaigns/readCampaignRule";
import { setCampaignRule } from "@compute-credits/client/campaigns/setCampaignRule";
import { signAcceptance } from "@compute-credits/client/wallet/signedAcceptance";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import type { Context } from "../context/context.ts";
import { secondsOf } from "../allowances/seconds.ts";
import { shownAllowance } from "../allowances/shownAllowance.ts";
import {
  ADDRESS,
  AMOUNT,
  ID,
  TIME,
  choice,
  optional,
  required,
  whole,
  withDefault,
} from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";
import { issuingApi } from "./issuingApi.ts";

const campaign = required(ID, "the allowance that the grants come from");

const DAY_SECONDS = 86_400n;

export const setRuleVerb = verb({
  name: "rules set",
  reader: "user",
  summary: "Sets what accounts must have done for a grant",
  details:
    "For good, and one for each campaign. It counts what accounts do from now on. With an issuing " +
    "key in --bearer-file, or the wallet of the campaign's owner.",
  examples: [
    "rules set --campaign 0x… --kind first_purchase --at-least 50 --credits 5 --accounts 1000 --wallet alice",
  ],
  asks: "lasts",
  options: {
    campaign,
    kind: required(choice(...RULE_KINDS), "what is asked of an account"),
    atLeast: required(AMOUNT, "credits that it must have bought, spent or earned"),
    credits: required(AMOUNT, "what each grant gives"),
    accounts: required(whole(1n, 2n ** 63n - 1n), "the most accounts that are granted to"),
    claimBy: optional(TIME, "nothing is claimed from then on"),
    validDays: withDefault(whole(0n, 36_500n), "days that a grant lasts; 0: as its campaign", "0"),
  },
  async run(context, { campaign: id, kind, atLeast, credits, accounts, claimBy, validDays }) {
    const words =
      `Gives up to ${accounts} accounts ${formatCredits(credits)} credits each out of ${id}, ` +
      `for ${kind} of ${formatCredits(atLeast)} credits.`;
    const api = await issuingApi(context, words);
    const rule = {
      kind,
      atLeastMicros: atLeast,
      limitMicros: credits,
      maxGrants: accounts,
      validSeconds: validDays * DAY_SECONDS,
      ...(claimBy === undefined ? {} : { claimBy: secondsOf(claimBy) }),
    };
    return show(await setCampaignRule(api, { campaign: id, rule }));
  },
});

export const showRuleVerb = verb({
  name: "rules show",
  reader: "user",
  summary: "Shows what a campaign asks of accounts",
  examples: ["rules show --campaign 0x…"],
  asks: null,
  options: { campaign },
  run: async (context, { campaign: id }) =>
    show(await readCampaignRule(context.publicApi, { campaign: id })),
});

export const closeRuleVerb = verb({
  name: "rules close",
  reader: "user",
  summary: "Closes a campaign's rule; its grants stay",
  examples: ["rules close --campaign 0x… --wallet alice"],
  asks: "lasts",
  options: { campaign },
  async run(context, { campaign: id }) {
    const api = await issuingApi(context, `Closes the rule of ${id}.`);
    return show(await closeCampaignRule(api, { campaign: id }));
  },
});

export const claimGrantVerb = verb({
  name: "claim-grant",
  reader: "user",
  summary: "Claims the account's grant of a campaign",
  details:
    "With the account's wallet, which signs that it accepts the --sponsor, or with an API key in " +
    "--bearer-file that --account signed an allowance for. An account is granted to once.",
  examples: ["claim-grant --campaign 0x… --sponsor 0x… --wallet bob"],
  asks: null,
  options: {
    campaign,
    account: optional(ADDRESS, "for a key: whose grant it is"),
    sponsor: optional(ADDRESS, "for a wallet: whose credits they are"),
    referrer: optional(ADDRESS, "the account that brought you"),
  },
  async run(context, { campaign: id, account, sponsor, referrer }) {
    const named = {
      campaign: id,
      ...(referrer === undefined ? {} : { referrer }),
      ...(context.keys.bearer === null
        ? await byWallet(context, sponsor)
        : { account: neededFor("a key", "--account", account) }),
    };
    const grant = await claimGrant(context.api, named);
    return show(grant, humanLines(shownAllowance(grant)));
  },
});

async function byWallet(context: Context, sponsor: `0x${string}` | undefined) {
  const account = neededFor("a wallet", "--sponsor", sponsor);
  const { wallet, deployment } = await context.signing();
  const acceptance = await signAcceptance(wallet, deployment, { account });
  return { account: acceptance.spender, acceptance };
}

function neededFor<T>(who: string, option: string, value: T | undefined): T {
  if (value === undefined) throw new UsageError(`With ${who}, give ${option}.`);
  return value;
}
