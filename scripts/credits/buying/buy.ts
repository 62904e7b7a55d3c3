import type { Address } from "viem";

import { buy } from "@compute-credits/client/chain/buy";
import { walletAccount } from "@compute-credits/client/chain/walletAccount";
import type { WalletConnection } from "@compute-credits/client/chain/transact";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { formatCredits } from "@compute-credits/protocol/amounts";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { mintDollars } from "../../local/mintDollars.ts";
import type { Context } from "../context/context.ts";
import { waitUntil } from "../context/waitUntil.ts";
import { ADDRESS, AMOUNT, choice, optional, required } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

const MOST_WAIT_MS = 60_000;

export const buyVerb = verb({
  name: "buy",
  reader: "user",
  summary: "Buys credits with the vault's token",
  details:
    "In one transaction where the token allows it, by a permit or an authorization; otherwise it " +
    "approves exactly the price first. Waits until the server counts the purchase. A test wallet " +
    "makes its test dollars itself.",
  examples: [
    "buy --credits 1000 --wallet alice",
    "buy --credits 12.5 --key-file ~/wallet.key --server https://meter.example --rpc https://rpc.example",
  ],
  asks: "moves",
  options: {
    credits: required(AMOUNT, "how many credits"),
    for: optional(ADDRESS, "who receives them, in place of the wallet; a gift stays given"),
    by: optional(choice("authorization", "permit", "approval"), "how it is paid"),
  },
  async run(context, { credits: creditMicros, for: receiver, by }) {
    const connection = await context.wallet();
    const own = lowercaseHex(walletAccount(connection.wallet).address);
    const account = receiver ?? own;
    if (context.isTestWallet) await mint(connection, creditMicros);
    const bought = buy(connection, {
      account,
      creditMicros,
      ...(by === undefined ? {} : { by }),
    });
    const paid = await context.progress("waiting for the block with the purchase", bought);
    const { receipt, tokenAmount } = paid;
    const counted = account === own ? await count(context, account, receipt.blockNumber) : null;
    return show(
      {
        account,
        creditMicros,
        tokenAmount,
        paidBy: paid.by,
        transactionHash: receipt.transactionHash,
        blockNumber: receipt.blockNumber,
        gasUsed: receipt.gasUsed,
        countedByServer: counted,
      },
      [
        `bought ${formatCredits(creditMicros)} credits for ${paidText(context, tokenAmount)} (gas ${receipt.gasUsed})`,
        ...(counted === false
          ? ["the server does not count them yet: ask for the balance later"]
          : []),
      ],
    );
  },
});

async function mint(connection: WalletConnection, creditMicros: bigint): Promise<void> {
  const { wallet, client, contract } = connection;
  const by = walletAccount(wallet);
  const vault = { address: contract, abi: computeCreditsAbi } as const;
  const [token, tokenAmount] = await Promise.all([
    client.readContract({ ...vault, functionName: "token" }),
    client.readContract({ ...vault, functionName: "priceOf", args: [creditMicros] }),
  ]);
  await mintDollars(connection, { token, by, to: by.address, tokenAmount });
}

/** Test dollars have six decimals; of other tokens the decimals are not known. */
function paidText({ isTestWallet }: Context, tokenAmount: bigint): string {
  return isTestWallet
    ? `${formatCredits(tokenAmount)} dollars`
    : `${tokenAmount} units of the token`;
}

/** Whether the server counts the purchase within a minute: confirmations may take longer. */
async function count(context: Context, account: Address, block: bigint): Promise<boolean> {
  const isCounted = async () => (await context.metering.balance(account)).asOfBlock >= block;
  return await context.progress(
    "waiting until the server counts the purchase",
    waitUntil(isCounted, { mostMs: MOST_WAIT_MS }),
  );
}
