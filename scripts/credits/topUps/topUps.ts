import { UsageError } from "@compute-credits/platform/process/commandLine";
import { approveTopUps, revokeTopUp } from "@compute-credits/client/chain/topUps";
import { walletAccount } from "@compute-credits/client/chain/walletAccount";
import { addTopUpPolicy } from "@compute-credits/client/topUps/addTopUpPolicy";
import { readTopUpPolicies } from "@compute-credits/client/topUps/readTopUpPolicies";
import { stopTopUpPolicy } from "@compute-credits/client/topUps/stopTopUpPolicy";
import { signTopUpPolicy } from "@compute-credits/client/wallet/topUpPolicy";
import { formatCredits } from "@compute-credits/protocol/amounts";
import { secondsOf } from "../allowances/seconds.ts";
import {
  ADDRESS,
  AMOUNT,
  ID,
  TIME,
  flag,
  optional,
  required,
  whole,
  withDefault,
} from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

/** Seconds of the longest period: a year. */
const MOST_SECONDS = 31_536_000n;

export const addTopUpVerb = verb({
  name: "top-ups add",
  reader: "user",
  summary: "Lets the server's keeper top the wallet's account up",
  details:
    "The wallet signs a policy: the keeper buys --credits when less than --below is available, up to " +
    "--target, and at most --most in each period. The wallet pays, and must have approved the vault: " +
    "--approve does that, for --most.",
  examples: [
    "top-ups add --credits 100 --below 50 --target 200 --most 1000 --expires 2027-01-01 --approve --wallet alice",
  ],
  asks: "moves",
  options: {
    credits: required(AMOUNT, "what one top-up buys"),
    below: required(AMOUNT, "it begins when less is available"),
    target: required(AMOUNT, "it goes no higher; at least --below and one top-up"),
    most: required(AMOUNT, "the most that it buys in a period"),
    expires: required(TIME, "it buys nothing from then on"),
    seconds: withDefault(whole(0n, MOST_SECONDS), "the period; 0: the policy's whole life", "0"),
    approve: flag("lets the vault take the price of --most first"),
  },
  async run(context, values) {
    const connection = await context.wallet();
    const signing = await context.signing();
    const account = walletAccount(connection.wallet).address;
    return await context.withSession(async (api) => {
      const { keeper } = await readTopUpPolicies(api, { account });
      if (keeper === null) throw new UsageError("This server has no keeper: it tops nothing up.");
      if (values.approve) {
        const sent = approveTopUps(connection, values.most);
        await context.progress("waiting for the block with the approval", sent);
      }
      const signed = await signTopUpPolicy(signing.wallet, signing.deployment, {
        keeper,
        creditMicrosPerTopUp: values.credits,
        maxCreditMicrosPerPeriod: values.most,
        periodSeconds: values.seconds,
        expiresAt: secondsOf(values.expires),
      });
      const wishes = { belowMicros: values.below, targetMicros: values.target };
      const policy = await addTopUpPolicy(api, signed, wishes);
      return show(policy, [
        `the keeper tops up below ${formatCredits(values.below)} credits, up to ${formatCredits(values.target)}`,
        `policy ${policy.id}`,
      ]);
    });
  },
});

export const listTopUpsVerb = verb({
  name: "top-ups list",
  reader: "user",
  summary: "Lists an account's top-up policies, and what they bought",
  examples: ["top-ups list --wallet alice"],
  asks: null,
  options: { account: optional(ADDRESS, "in place of the wallet or of the key's account") },
  async run(context, { account }) {
    return show(await readTopUpPolicies(context.api, { account: await context.party(account) }));
  },
});

export const stopTopUpVerb = verb({
  name: "top-ups stop",
  reader: "user",
  summary: "Has the server's keeper stop a policy",
  details: "At once and without gas. A transaction that was sent may still buy once.",
  examples: ["top-ups stop --policy 0x… --wallet alice"],
  asks: "lasts",
  options: { policy: required(ID, "its id, as the list has it") },
  async run(context, { policy }) {
    const account = await context.party(undefined);
    const stopped = await context.withSession((api) => stopTopUpPolicy(api, { account, policy }));
    const isOpen = stopped.topUps.some(({ state }) => state === "open");
    return show(stopped, [
      `stopped ${stopped.id}`,
      ...(isOpen ? ["a transaction was sent already: it may still buy once"] : []),
    ]);
  },
});

export const revokeTopUpVerb = verb({
  name: "top-ups revoke",
  reader: "user",
  summary: "Ends a policy on chain, for every keeper",
  details: "By the wallet that pays. It costs gas, and needs no server's good will.",
  examples: ["top-ups revoke --policy 0x… --wallet alice"],
  asks: "lasts",
  options: {
    policy: required(ID, "its id, as the list has it"),
    account: optional(ADDRESS, "whose list has it, in place of the wallet's"),
  },
  async run(context, { policy: id, account }) {
    const party = await context.party(account);
    const { policies } = await readTopUpPolicies(context.api, { account: party });
    const policy = policies.find((one) => one.id === id);
    if (policy === undefined) throw new UsageError(`${party} has no top-up policy ${id}.`);
    const { payer, keeper, creditMicrosPerTopUp, maxCreditMicrosPerPeriod } = policy;
    const sent = revokeTopUp(await context.wallet(), {
      account: policy.account,
      payer,
      keeper,
      creditMicrosPerTopUp,
      maxCreditMicrosPerPeriod,
      periodSeconds: policy.periodSeconds,
      startsAt: policy.startsAt,
      expiresAt: policy.expiresAt,
      salt: policy.salt,
    });
    const receipt = await context.progress("waiting for the block with the revocation", sent);
    const { transactionHash, blockNumber, gasUsed } = receipt;
    return show({ policy: id, transactionHash, blockNumber, gasUsed }, [
      `revoked ${id} on chain (gas ${gasUsed})`,
    ]);
  },
});
