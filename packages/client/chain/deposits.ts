import {
  type Address,
  type ContractFunctionReturnType,
  type PublicClient,
  type TransactionReceipt,
  type WalletClient,
  erc20Abi,
  parseEventLogs,
} from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { depositAddressesAbi } from "@compute-credits/protocol/abi/depositAddresses";
import { depositAddressOf } from "@compute-credits/protocol/depositAddress";
import { explained, senderOf, waitForSuccess } from "./transact.ts";

/** The contract with the deposit addresses of one vault. `GET /v1/deployment` names it. */
export interface DepositConnection {
  readonly client: PublicClient;
  readonly depositAddresses: Address;
}

/** What is at a deposit address: its place, whether code is there, tokens, and what they buy. */
export type ArrivedDeposit = ContractFunctionReturnType<
  typeof depositAddressesAbi,
  "view",
  "depositsOf"
>[number];

/** Reads what is at the deposit addresses of these accounts, in their order. */
export async function readDeposits(
  { client, depositAddresses }: DepositConnection,
  accounts: readonly Address[],
): Promise<readonly ArrivedDeposit[]> {
  return await explained(() =>
    client.readContract({
      address: depositAddresses,
      abi: depositAddressesAbi,
      functionName: "depositsOf",
      args: [accounts],
    }),
  );
}

/**
 * Turns what arrived at an account's deposit address into its credits. Anyone may. Resolves when it
 * is in a block. Rejects, with nothing moved, if it buys no micro-credit, or if the vault is paused
 * or frozen.
 */
export async function sweepDeposit(
  { client, depositAddresses, wallet }: DepositConnection & { readonly wallet: WalletClient },
  account: Address,
): Promise<{ readonly receipt: TransactionReceipt; readonly creditMicros: bigint }> {
  const sent = wallet.writeContract({
    ...senderOf(wallet),
    address: depositAddresses,
    abi: depositAddressesAbi,
    functionName: "sweep",
    args: [account],
  });
  const receipt = await waitForSuccess(client, sent);
  const [bought] = parseEventLogs({
    abi: computeCreditsAbi,
    eventName: "CreditsPurchased",
    args: { account },
    logs: receipt.logs,
  });
  return { receipt, creditMicros: bought?.args.creditMicros ?? 0n };
}

/**
 * Takes tokens out of the wallet's own deposit address: all of a token, or `amount` base units of
 * it. The vault's token too, as long as nobody has swept it.
 */
export async function withdrawDeposit(
  { client, depositAddresses, wallet }: DepositConnection & { readonly wallet: WalletClient },
  {
    token,
    to,
    amount,
  }: { readonly token: Address; readonly to: Address; readonly amount?: bigint },
): Promise<{ readonly receipt: TransactionReceipt; readonly amount: bigint }> {
  const sender = senderOf(wallet);
  const from = depositAddressOf(depositAddresses, sender.account.address);
  return await explained(async () => {
    const taken =
      amount ??
      (await client.readContract({
        address: token,
        abi: erc20Abi,
        functionName: "balanceOf",
        args: [from],
      }));
    const sent = wallet.writeContract({
      ...sender,
      address: depositAddresses,
      abi: depositAddressesAbi,
      functionName: "withdraw",
      args: [token, to, taken],
    });
    return { receipt: await waitForSuccess(client, sent), amount: taken };
  });
}
