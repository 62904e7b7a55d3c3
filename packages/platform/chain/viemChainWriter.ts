import { type Address, type Hex, createPublicClient, encodeFunctionData } from "viem";

import type { ChainWriter } from "./chainWriter.ts";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { courtAbi } from "@compute-credits/protocol/abi/court";
import { CALL_GAS } from "@compute-credits/protocol/messages/attemptedCall";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { TransactionSigner } from "./signer.ts";
import type { TransactionStore } from "./transactionStore.ts";
import { type SenderOptions, createTransactionSender } from "./transactionSender.ts";
import { rpcTransport } from "./viemChainReader.ts";

export interface ChainWriterDeps extends Omit<SenderOptions, "chainId"> {
  readonly rpcUrls: readonly string[];
  readonly deployment: Deployment;
  readonly court: Address;
  /** pays for gas; no other program may send from its wallet, because nonces would collide */
  readonly signer: TransactionSigner;
  readonly transactions: TransactionStore;
}

/** The wallet's check of its signature, and the bytes of the longest signature. */
const MAX_RECORDING_GAS = CALL_GAS + 500_000n;

/** Creates a writer that sends the settler's transactions. */
export function createChainWriter({
  rpcUrls,
  deployment: { chainId, contract },
  court,
  signer,
  transactions,
  ...options
}: ChainWriterDeps): ChainWriter {
  const client = createPublicClient({ transport: rpcTransport(rpcUrls), cacheTime: 0 });
  const send = createTransactionSender(client, signer, transactions, { chainId, ...options });
  const onVault = (purpose: string, data: Hex) => send({ to: contract, data, purpose });
  const inCourt = (purpose: string, data: Hex, maxGas?: bigint) =>
    send({ to: court, data, purpose, ...(maxGas === undefined ? {} : { maxGas }) });

  return {
    submitCheckpoint: (message, signatures) =>
      onVault(
        `checkpoint ${message.epoch}`,
        encodeFunctionData({
          abi: computeCreditsAbi,
          functionName: "submitCheckpoint",
          args: [message, [...signatures]],
        }),
      ),

    settleMany: (rows, epoch) =>
      onVault(
        `settling ${rows.length} rows`,
        encodeFunctionData({
          abi: computeCreditsAbi,
          functionName: "settleMany",
          args: [rows.map(({ row }) => row), epoch, rows.map(({ proof }) => [...proof])],
        }),
      ),

    recordCap: ({ message, signature }) =>
      inCourt(
        `recording the account cap of ${message.account}`,
        encodeFunctionData({
          abi: courtAbi,
          functionName: "recordCap",
          args: [message, signature],
        }),
        MAX_RECORDING_GAS,
      ),

    coverSpending: ({ row, proof }, counter) =>
      inCourt(
        `covering the spending of ${row.party}`,
        encodeFunctionData({
          abi: courtAbi,
          functionName: "coverSpending",
          args: [row, [...proof], counter],
        }),
      ),

    answer: (challenger, { row, proof }, counter) =>
      inCourt(
        `answering the challenge of ${challenger} to ${row.party}`,
        encodeFunctionData({
          abi: courtAbi,
          functionName: "answer",
          args: [challenger, row, [...proof], counter],
        }),
      ),

    answerWithFinalRow: (challenger, { row, proof }, final) =>
      inCourt(
        `answering the challenge of ${challenger} to ${row.party}`,
        encodeFunctionData({
          abi: courtAbi,
          functionName: "answerWithFinalRow",
          args: [challenger, row, [...proof], final.row, [...final.proof]],
        }),
      ),
  };
}
