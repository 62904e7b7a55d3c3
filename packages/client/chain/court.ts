import type { Address, Hex, TransactionReceipt } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { courtAbi } from "@compute-credits/protocol/abi/court";
import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import type { EarningsReceiptMessage } from "@compute-credits/protocol/messages/earningsReceipt";
import type { ProvenRow } from "../http/meteringClient.ts";
import type { SignedAllowance } from "../wallet/signedAllowance.ts";
import { type WalletConnection, explained, senderOf, waitForSuccess } from "./transact.ts";

/** With the vault's errors, which the court passes on, such as `UnknownSigner`. */
const ABI = [...courtAbi, ...computeCreditsAbi.filter((item) => item.type === "error")] as const;

/** A row with the sibling hashes up to a checkpoint's root. */
export type ShownRow = Pick<ProvenRow, "row" | "proof">;

/** A checkpoint with the signatures of a quorum, in ascending order of signers. */
export interface SignedCheckpoint {
  readonly message: CheckpointMessage;
  readonly signatures: readonly { readonly signer: Address; readonly signature: Hex }[];
}

/**
 * Disputes a checkpoint in the court. Each method sends a transaction: it resolves when the
 * transaction is in a block, and rejects if it reverts.
 */
export interface Court {
  readonly address: Address;
  /** wei: the stake of a challenge; returned if the challenge succeeds */
  readonly stakeWei: bigint;
  /** Challenges a row of the pending checkpoint that charges more than the owner signed for. */
  challengeRow(charged: ShownRow): Promise<TransactionReceipt>;
  /** Challenges the pending checkpoint for lacking this row of the final one. */
  challengeOmission(before: ShownRow): Promise<TransactionReceipt>;
  /** Challenges the pending checkpoint for paying a provider less than its receipt promises. */
  challengeEarnings(
    receipt: EarningsReceiptMessage,
    signatures: SignedCheckpoint["signatures"],
  ): Promise<TransactionReceipt>;
  /**
   * Records a receipt of the present signers, which then counts for a while even if they are
   * replaced. The signatures are of present signers only.
   */
  registerReceipt(
    receipt: EarningsReceiptMessage,
    signatures: SignedCheckpoint["signatures"],
  ): Promise<TransactionReceipt>;
  /** Challenges the pending checkpoint for paying a provider less than its registered receipt. */
  challengeRegisteredEarnings(provider: Address): Promise<TransactionReceipt>;
  /** Records an owner's signed account cap, which an answer to a challenge needs. */
  recordCap(signed: SignedAllowance): Promise<TransactionReceipt>;
  /**
   * Answers a challenge with the account's row and the cap recorded for `counter`; earns the stake.
   */
  answer(challenger: Address, shown: ShownRow, counter: bigint): Promise<TransactionReceipt>;
  /**
   * Answers a challenge without a cap: `shown` charges no more than `final`, the account's row of
   * the last final checkpoint. Earns the stake.
   */
  answerWithFinalRow(
    challenger: Address,
    shown: ShownRow,
    final: ShownRow,
  ): Promise<TransactionReceipt>;
  /** Drops the pending checkpoint after an unanswered challenge; the challenger's stake returns. */
  dropUnanswered(account: Address, challenger: Address): Promise<TransactionReceipt>;
  /** Drops the pending checkpoint by proving rows of it that cannot be true. */
  proveFraud(rows: readonly ShownRow[]): Promise<TransactionReceipt>;
  /** Slashes the bond and freezes the vault by two checkpoints signed for the same epoch. */
  proveEquivocation(a: SignedCheckpoint, b: SignedCheckpoint): Promise<TransactionReceipt>;
  /** Pays out the wallet's returned stakes and rewards. */
  withdrawStake(): Promise<TransactionReceipt>;
}

/** Creates a client of the vault's court for a wallet. Rejects if the endpoint does not answer. */
export async function createCourt({ wallet, client, contract }: WalletConnection): Promise<Court> {
  const vault = { address: contract, abi: computeCreditsAbi } as const;
  const [address, stakeWei] = await explained(() =>
    Promise.all([
      client.readContract({ ...vault, functionName: "court" }),
      client.readContract({ ...vault, functionName: "challengeStakeWei" }),
    ]),
  );
  const call = { ...senderOf(wallet), address, abi: ABI } as const;
  const send = (hash: Promise<Hex>) => waitForSuccess(client, hash);

  return {
    address,
    stakeWei,

    challengeRow: ({ row, proof }) =>
      send(
        wallet.writeContract({
          ...call,
          functionName: "challengeRow",
          args: [row, [...proof]],
          value: stakeWei,
        }),
      ),

    challengeOmission: ({ row, proof }) =>
      send(
        wallet.writeContract({
          ...call,
          functionName: "challengeOmission",
          args: [row, [...proof]],
          value: stakeWei,
        }),
      ),

    challengeEarnings: (receipt, signatures) =>
      send(
        wallet.writeContract({
          ...call,
          functionName: "challengeEarnings",
          args: [receipt, [...signatures]],
          value: stakeWei,
        }),
      ),

    registerReceipt: (receipt, signatures) =>
      send(
        wallet.writeContract({
          ...call,
          functionName: "registerReceipt",
          args: [receipt, [...signatures]],
        }),
      ),

    challengeRegisteredEarnings: (provider) =>
      send(
        wallet.writeContract({
          ...call,
          functionName: "challengeRegisteredEarnings",
          args: [provider],
          value: stakeWei,
        }),
      ),

    recordCap: ({ allowance, signature }) =>
      send(
        wallet.writeContract({
          ...call,
          functionName: "recordCap",
          args: [allowance, signature],
        }),
      ),

    answer: (challenger, { row, proof }, counter) =>
      send(
        wallet.writeContract({
          ...call,
          functionName: "answer",
          args: [challenger, row, [...proof], counter],
        }),
      ),

    answerWithFinalRow: (challenger, { row, proof }, final) =>
      send(
        wallet.writeContract({
          ...call,
          functionName: "answerWithFinalRow",
          args: [challenger, row, [...proof], final.row, [...final.proof]],
        }),
      ),

    dropUnanswered: (account, challenger) =>
      send(
        wallet.writeContract({
          ...call,
          functionName: "dropUnanswered",
          args: [account, challenger],
        }),
      ),

    proveFraud(rows) {
      // The court requires ascending parties, so that no row counts twice.
      const ascending = rows.toSorted((a, b) =>
        a.row.party.toLowerCase() < b.row.party.toLowerCase() ? -1 : 1,
      );
      return send(
        wallet.writeContract({
          ...call,
          functionName: "proveFraud",
          args: [ascending.map(({ row }) => row), ascending.map(({ proof }) => [...proof])],
        }),
      );
    },

    proveEquivocation: (a, b) =>
      send(
        wallet.writeContract({
          ...call,
          functionName: "proveEquivocation",
          args: [a.message, [...a.signatures], b.message, [...b.signatures]],
        }),
      ),

    withdrawStake: () =>
      send(
        wallet.writeContract({
          ...call,
          functionName: "withdrawStake",
          args: [call.account.address],
        }),
      ),
  };
}
