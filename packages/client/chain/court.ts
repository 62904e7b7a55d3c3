import type { Address, Hex, TransactionReceipt } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { courtAbi } from "@compute-credits/protocol/abi/court";
import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import type { EarningsReceiptMessage } from "@compute-credits/protocol/messages/earningsReceipt";
import type { ProvenRow } from "../http/meteringClient.ts";
import type { SignedAllowance } from "../wallet/signedAllowance.ts";
import { type WalletConnection, senderOf, waitForSuccess } from "./transact.ts";

/** A row, and the sibling hashes that lead from it to a checkpoint's root. */
export type ShownRow = Pick<ProvenRow, "row" | "proof">;

/** A checkpoint and enough of its signers, ascending. */
export interface SignedCheckpoint {
  readonly message: CheckpointMessage;
  readonly signatures: readonly { readonly signer: Address; readonly signature: Hex }[];
}

/** What a wallet does in the court where a checkpoint wrongs somebody. Each resolves when it is in a block. */
export interface Court {
  readonly address: Address;
  /** wei that a challenge costs until it turns out to be right */
  readonly stakeWei: bigint;
  /** "Show the owner's allowance that covers what this row of the pending checkpoint charges." */
  challengeRow(charged: ShownRow): Promise<TransactionReceipt>;
  /** "This row of the final checkpoint: where is it in the pending one?" */
  challengeOmission(before: ShownRow): Promise<TransactionReceipt>;
  /** "Show the row that pays what you promised this provider." */
  challengeEarnings(
    receipt: EarningsReceiptMessage,
    signatures: SignedCheckpoint["signatures"],
  ): Promise<TransactionReceipt>;
  /** Records the ceiling that an owner signed, so that it can answer for what the account was charged. */
  recordCap(signed: SignedAllowance): Promise<TransactionReceipt>;
  /** Answers a challenge with a row of the pending checkpoint and the recorded ceiling of `counter`; earns the stake. */
  answer(challenger: Address, shown: ShownRow, counter: bigint): Promise<TransactionReceipt>;
  /** Drops the pending checkpoint, as nobody answered in time; the challenger gets its stake back. */
  dropUnanswered(account: Address, challenger: Address): Promise<TransactionReceipt>;
  /** Drops the pending checkpoint by rows of it that cannot be true. */
  proveFraud(rows: readonly ShownRow[]): Promise<TransactionReceipt>;
  /** Slashes the bond and freezes the vault, by two checkpoints signed for one epoch. */
  proveEquivocation(a: SignedCheckpoint, b: SignedCheckpoint): Promise<TransactionReceipt>;
  /** Pays out stakes and rewards. */
  withdrawStake(): Promise<TransactionReceipt>;
}

/** The court of a vault, for the wallet that asks. */
export async function createCourt({ wallet, client, contract }: WalletConnection): Promise<Court> {
  const vault = { address: contract, abi: computeCreditsAbi } as const;
  const [address, stakeWei] = await Promise.all([
    client.readContract({ ...vault, functionName: "court" }),
    client.readContract({ ...vault, functionName: "challengeStakeWei" }),
  ]);
  const call = { ...senderOf(wallet), address, abi: courtAbi } as const;
  const sent = (hash: Promise<Hex>) => waitForSuccess(client, hash);

  return {
    address,
    stakeWei,

    challengeRow: ({ row, proof }) =>
      sent(
        wallet.writeContract({
          ...call,
          functionName: "challengeRow",
          args: [row, [...proof]],
          value: stakeWei,
        }),
      ),

    challengeOmission: ({ row, proof }) =>
      sent(
        wallet.writeContract({
          ...call,
          functionName: "challengeOmission",
          args: [row, [...proof]],
          value: stakeWei,
        }),
      ),

    challengeEarnings: (receipt, signatures) =>
      sent(
        wallet.writeContract({
          ...call,
          functionName: "challengeEarnings",
          args: [receipt, [...signatures]],
          value: stakeWei,
        }),
      ),

    recordCap: ({ allowance, signature }) =>
      sent(
        wallet.writeContract({
          ...call,
          functionName: "recordCap",
          args: [allowance, signature],
        }),
      ),

    answer: (challenger, { row, proof }, counter) =>
      sent(
        wallet.writeContract({
          ...call,
          functionName: "answer",
          args: [challenger, row, [...proof], counter],
        }),
      ),

    dropUnanswered: (account, challenger) =>
      sent(
        wallet.writeContract({
          ...call,
          functionName: "dropUnanswered",
          args: [account, challenger],
        }),
      ),

    proveFraud(rows) {
      // The court wants them in ascending order, so that none counts twice.
      const ascending = rows.toSorted((a, b) =>
        a.row.party.toLowerCase() < b.row.party.toLowerCase() ? -1 : 1,
      );
      return sent(
        wallet.writeContract({
          ...call,
          functionName: "proveFraud",
          args: [ascending.map(({ row }) => row), ascending.map(({ proof }) => [...proof])],
        }),
      );
    },

    proveEquivocation: (a, b) =>
      sent(
        wallet.writeContract({
          ...call,
          functionName: "proveEquivocation",
          args: [a.message, [...a.signatures], b.message, [...b.signatures]],
        }),
      ),

    withdrawStake: () =>
      sent(
        wallet.writeContract({
          ...call,
          functionName: "withdrawStake",
          args: [call.account.address],
        }),
      ),
  };
}
