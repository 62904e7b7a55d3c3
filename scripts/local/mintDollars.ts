import type { Account, Address, PublicClient, WalletClient } from "viem";

import { testDollarAbi } from "@compute-credits/protocol/abi/testDollar";
import { HARDHAT_CHAIN } from "./hardhatChain.ts";

/** Anyone may mint test dollars. Resolves once they are there. `by` pays the gas. */
export async function mintDollars(
  {
    wallet,
    client,
  }: {
    readonly wallet: WalletClient;
    readonly client: Pick<PublicClient, "waitForTransactionReceipt">;
  },
  {
    token,
    by,
    to,
    tokenAmount,
  }: {
    readonly token: Address;
    readonly by: Account;
    readonly to: Address;
    /** in the token's smallest unit */
    readonly tokenAmount: bigint;
  },
): Promise<void> {
  const hash = await wallet.writeContract({
    address: token,
    abi: testDollarAbi,
    functionName: "mint",
    args: [to, tokenAmount],
    account: by,
    chain: HARDHAT_CHAIN,
  });
  await client.waitForTransactionReceipt({ hash });
}
