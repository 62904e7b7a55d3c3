import type { Address, Hex, TransactionReceipt } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import type { Row } from "@compute-credits/protocol/tree/row";
import { type WalletConnection, senderOf, waitForSuccess } from "./transact.ts";

/** Freezes the vault for good because the account's refund is overdue. Anyone may call it. */
export async function freeze(
  { wallet, client, contract }: WalletConnection,
  account: Address,
): Promise<TransactionReceipt> {
  const call = { address: contract, abi: computeCreditsAbi, functionName: "freeze" } as const;
  return await waitForSuccess(
    client,
    wallet.writeContract({ ...senderOf(wallet), ...call, args: [account] }),
  );
}

/**
 * Exits a frozen vault with a proof, at once: settles the party's row of the last final checkpoint
 * and pays its earnings and unspent credits. Anyone may call it.
 */
export async function exit(
  { wallet, client, contract }: WalletConnection,
  row: Row,
  proof: readonly Hex[],
): Promise<TransactionReceipt> {
  const call = { address: contract, abi: computeCreditsAbi, functionName: "exit" } as const;
  return await waitForSuccess(
    client,
    wallet.writeContract({ ...senderOf(wallet), ...call, args: [row, [...proof]] }),
  );
}

/**
 * Exits a frozen vault without a proof, after the exit grace. Pays the credits that are unspent by
 * the settled rows.
 */
export async function exitWithoutProof(
  { wallet, client, contract }: WalletConnection,
  party: Address,
): Promise<TransactionReceipt> {
  const call = {
    address: contract,
    abi: computeCreditsAbi,
    functionName: "exitWithoutProof",
  } as const;
  return await waitForSuccess(
    client,
    wallet.writeContract({ ...senderOf(wallet), ...call, args: [party] }),
  );
}
