import type { Address, Hex, TransactionReceipt } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import type { Row } from "@compute-credits/protocol/tree/row";
import { type WalletConnection, senderOf, waitForSuccess } from "./transact.ts";

/** Closes the vault for good, because the account's refund is overdue. Anyone may. */
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
 * Out of a frozen vault, at once: settles the party's row of the last final checkpoint, and pays what it earned and all
 * that it has not spent. Anyone may.
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

/** Out of a frozen vault without anybody's data, once the exit grace is over: pays what the chain knows to be unspent. */
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
