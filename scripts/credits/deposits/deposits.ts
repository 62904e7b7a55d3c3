import { depositAddressOf } from "@compute-credits/protocol/depositAddress";
import { readDepositAddress } from "@compute-credits/client/accounts/readDepositAddress";
import { watchDepositAddress } from "@compute-credits/client/accounts/watchDepositAddress";
import { sweepDeposit, withdrawDeposit } from "@compute-credits/client/chain/deposits";
import { walletAccount } from "@compute-credits/client/chain/walletAccount";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { formatCredits } from "@compute-credits/protocol/amounts";
import { ADDRESS, flag, optional } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";

export const showDepositVerb = verb({
  name: "deposits show",
  reader: "user",
  summary: "Shows an account's deposit address, and what arrived",
  details:
    "Tokens that anybody sends there become the account's credits. --watch has the server sweep " +
    "what arrives; without it anyone may: deposits sweep.",
  examples: ["deposits show --wallet alice", "deposits show --watch --wallet alice"],
  asks: null,
  options: {
    account: optional(ADDRESS, "in place of the wallet or of the key's account"),
    watch: flag("has the server sweep what arrives, for a week or until it is idle for 90 days"),
  },
  async run(context, { account, watch }) {
    const named = { account: await context.party(account) };
    if (watch) await context.withSession((api) => watchDepositAddress(api, named));
    const shown = await readDepositAddress(context.api, named);
    const { depositAddress, chainId, token, creditMicros } = shown;
    return show(shown, [
      ...humanLines({ depositAddress, chainId, token, creditMicros }),
      shown.watch === null
        ? "the server does not sweep it: --watch has it do so"
        : `the server sweeps it until ${shown.watch.watchedUntil.toISOString()}`,
    ]);
  },
});

export const sweepDepositVerb = verb({
  name: "deposits sweep",
  reader: "user",
  summary: "Turns what arrived into the account's credits",
  details:
    "Anyone may, for any account, and pays the gas. Whoever is first: the account gets the credits.",
  examples: ["deposits sweep --wallet alice", "deposits sweep --account 0x… --wallet bob"],
  asks: "moves",
  options: { account: optional(ADDRESS, "whose deposit address, in place of the wallet's") },
  async run(context, { account }) {
    const connection = await context.deposits();
    const own = walletAccount(connection.wallet).address;
    const sent = sweepDeposit(connection, account ?? own);
    const swept = await context.progress("waiting for the block with the sweep", sent);
    const { receipt, creditMicros } = swept;
    const { transactionHash, blockNumber, gasUsed } = receipt;
    return show({ account: account ?? own, creditMicros, transactionHash, blockNumber, gasUsed }, [
      `swept ${formatCredits(creditMicros)} credits (gas ${gasUsed})`,
    ]);
  },
});

export const withdrawDepositVerb = verb({
  name: "deposits withdraw",
  reader: "user",
  summary: "Takes tokens out of the wallet's deposit address",
  details:
    "Another token that somebody sent there, or the vault's while nobody has swept it: after a " +
    "freeze it is the only way. All of it.",
  examples: ["deposits withdraw --wallet alice", "deposits withdraw --token 0x… --wallet alice"],
  asks: "moves",
  options: {
    token: optional(ADDRESS, "in place of the vault's token"),
    to: optional(ADDRESS, "who receives it, in place of the wallet"),
  },
  async run(context, { token, to }) {
    const connection = await context.deposits();
    const own = walletAccount(connection.wallet).address;
    const taken =
      token ??
      (await connection.client.readContract({
        address: connection.contract,
        abi: computeCreditsAbi,
        functionName: "token",
      }));
    const sent = withdrawDeposit(connection, { token: taken, to: to ?? own });
    const done = await context.progress("waiting for the block with the withdrawal", sent);
    const { transactionHash, blockNumber, gasUsed } = done.receipt;
    const from = depositAddressOf(connection.depositAddresses, own);
    return show(
      {
        token: taken,
        from,
        to: to ?? own,
        amount: done.amount,
        transactionHash,
        blockNumber,
        gasUsed,
      },
      [`took ${done.amount} units of ${taken} out of ${from} (gas ${gasUsed})`],
    );
  },
});
