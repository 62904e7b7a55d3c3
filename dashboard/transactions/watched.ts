import type { Abi, Account, Address, Hex, PublicClient, WalletClient } from "viem";

import type { WalletConnection } from "@compute-credits/client/chain/transact";

/** What is going on with a transaction. */
export type Stage =
  | "preparing"
  | "approval_checking"
  | "checking"
  | "signing"
  | "approving"
  | "approval_sent"
  | "confirming"
  | "sent"
  | "in_block"
  | "counted";

export interface Watcher {
  onStage(stage: Stage): void;
  onSent(hash: Hex, isApproval: boolean): void;
  /** the sender's number for it, once the chain's node knows it */
  onNonce(hash: Hex, nonce: number): void;
  /** the wallet sent another one in its place: the same at a higher fee, or something else */
  onReplaced(hash: Hex, reason: "cancelled" | "replaced" | "repriced"): void;
}

/**
 * The same wallet and client, but every call is simulated before the wallet is asked to send it, and
 * each stage is told. So any action of the SDK can be followed.
 */
export function watched(
  { wallet, client, contract }: WalletConnection,
  watcher: Watcher,
): WalletConnection {
  const writeContract: WalletClient["writeContract"] = async (call) => {
    const checked = callOf(call);
    const isApproval = checked.functionName === "approve";
    watcher.onStage(isApproval ? "approval_checking" : "checking");
    await client.simulateContract(checked);
    watcher.onStage(isApproval ? "approving" : "confirming");
    // For the time after a reload: then it tells whether something else took its place.
    const { account } = checked;
    const address = typeof account === "string" ? account : account.address;
    const expected = await client.getTransactionCount({ address, blockTag: "pending" });
    const hash = await wallet.writeContract(call);
    watcher.onSent(hash, isApproval);
    watcher.onNonce(hash, expected);
    void client.getTransaction({ hash }).then(
      ({ nonce }) => watcher.onNonce(hash, nonce),
      () => undefined,
    );
    watcher.onStage(isApproval ? "approval_sent" : "sent");
    return hash;
  };
  const signTypedData: WalletClient["signTypedData"] = async (typedData) => {
    watcher.onStage("signing");
    return await wallet.signTypedData(typedData);
  };
  return {
    wallet: { ...wallet, writeContract, signTypedData },
    client: watchedClient(client, watcher),
    contract,
  };
}

/** The same client, which tells of a transaction that its wallet replaced. */
export function watchedClient(client: PublicClient, watcher: Watcher): PublicClient {
  const waitForTransactionReceipt: PublicClient["waitForTransactionReceipt"] = async (args) =>
    await client.waitForTransactionReceipt({
      ...args,
      onReplaced: (replaced) => {
        watcher.onReplaced(replaced.transaction.hash, replaced.reason);
        args.onReplaced?.(replaced);
      },
    });
  return { ...client, waitForTransactionReceipt };
}

interface Call {
  readonly address: Address;
  readonly abi: Abi;
  readonly functionName: string;
  readonly account: Account;
}

/** What a simulation needs of a call, whose own type is too wide for it. */
function callOf(value: unknown): Call {
  if (isCall(value)) return value;
  throw new TypeError("that is no call of a contract");
}

function isCall(value: unknown): value is Call {
  return typeof value === "object" && value !== null && "functionName" in value && "abi" in value;
}
