import { type Address, BaseError, ContractFunctionRevertedError } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { courtAbi } from "@compute-credits/protocol/abi/court";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import type { Row } from "@compute-credits/protocol/tree/row";
import {
  type SignedMessage,
  isAccepted,
  readAllowanceSigning,
} from "@compute-credits/protocol/messages/signatureCheck";
import {
  type CheckpointOnChain,
  type ContractConnection,
  type Submission,
  findSubmission,
  readCheckpoints,
} from "../chain/readCheckpoints.ts";
import { explained } from "../chain/transact.ts";
import type { SignedReceipt } from "../http/meteringClient.ts";
import { type Purchase, readPurchases } from "../chain/readPurchases.ts";

/** The chain's state of one counter of an account. */
export interface CounterOnChain {
  /** when the account raised its counter beyond this one; `null` if it has not */
  readonly endedAt: Date | null;
  /** micro-credits: the highest `accountCap` recorded in the court */
  readonly recordedCap: bigint;
}

/** An account's state on chain, which is the only source that the verification trusts. */
export interface ChainFacts {
  readonly deployment: Deployment;
  /** the block as of which the chain was read */
  readonly blockNumber: bigint;
  readonly blockTime: Date;
  /** micro-credits, by the contract's storage */
  readonly purchased: bigint;
  /** by the contract's events, oldest first */
  readonly purchases: readonly Purchase[];
  readonly settled: Omit<Row, "party">;
  readonly final: CheckpointOnChain | null;
  readonly pending: CheckpointOnChain | null;
  readonly counter: bigint;
  /** how much longer than until its `finalAt` a checkpoint waits at most, if it is challenged */
  readonly answerWindowSeconds: number;
  /** how long after its counter's end an allowance still covers a checkpoint's charges */
  readonly counterGraceSeconds: number;
  /** the last submission of an epoch, which may have been dropped; `null` if there is none */
  submissionOf(epoch: bigint): Promise<Submission | null>;
  counterOnChain(counter: bigint): Promise<CounterOnChain>;
  /** whether the court accepts the allowance's signature: the account's key, or its contract */
  isSigned(signed: SignedMessage): Promise<boolean>;
  /**
   * whether the court would accept the receipt: a quorum of the present signers signed it, or one
   * that promises as much is registered
   */
  isEnforceable(receipt: SignedReceipt): Promise<boolean>;
}

/** Reads an account's facts, all at the newest block. Rejects if the endpoint does not answer. */
export async function readChainFacts(
  on: ContractConnection,
  account: Address,
): Promise<ChainFacts> {
  return await explained(() => readFacts(on, account));
}

async function readFacts(on: ContractConnection, account: Address): Promise<ChainFacts> {
  const { client, contract } = on;
  const read = { address: contract, abi: computeCreditsAbi } as const;
  const [block, chainId, court, answerWindowSeconds, counterGraceSeconds] = await Promise.all([
    client.getBlock(),
    client.getChainId(),
    client.readContract({ ...read, functionName: "court" }),
    client.readContract({ ...read, functionName: "answerWindowSeconds" }),
    client.readContract({ ...read, functionName: "counterGraceSeconds" }),
  ]);
  const { number: blockNumber, timestamp } = block;
  const inCourt = { address: court, abi: courtAbi } as const;
  const [checkpoints, counter, [purchased, spent, refunded, earned], purchases] = await Promise.all(
    [
      readCheckpoints(on, blockNumber),
      client.readContract({ ...read, functionName: "counterOf", args: [account], blockNumber }),
      client.readContract({ ...read, functionName: "party", args: [account], blockNumber }),
      readPurchases(on, account, blockNumber),
    ],
  );

  return {
    ...checkpoints,
    deployment: { chainId, contract: lowercaseHex(contract) },
    blockNumber,
    blockTime: new Date(Number(timestamp) * 1000),
    purchased,
    purchases,
    settled: { spent, refunded, earned },
    counter,
    answerWindowSeconds,
    counterGraceSeconds,

    submissionOf: (epoch) => explained(() => findSubmission(on, { epoch }, blockNumber)),

    async counterOnChain(of) {
      const asked = { args: [account, of], blockNumber } as const;
      const [endedAt, recordedCap] = await explained(() =>
        Promise.all([
          client.readContract({ ...read, functionName: "counterEndedAt", ...asked }),
          client.readContract({ ...inCourt, functionName: "recordedCap", ...asked }),
        ]),
      );
      return { endedAt: endedAt === 0 ? null : new Date(endedAt * 1000), recordedCap };
    },

    async isSigned(signed) {
      const deployment = { chainId, contract: lowercaseHex(contract) };
      return await explained(async () =>
        isAccepted(await readAllowanceSigning(client, { deployment, court }, signed)),
      );
    },

    isEnforceable: ({ receipt, signatures, standbySignatures }) =>
      explained(async () => {
        const [digest, registered] = await Promise.all([
          client.readContract({
            ...inCourt,
            functionName: "hashEarningsReceipt",
            args: [receipt],
          }),
          client.readContract({
            ...inCourt,
            functionName: "registeredReceiptOf",
            args: [receipt.provider],
            blockNumber,
          }),
        ]);
        const isRegistered =
          BigInt(registered.until) >= timestamp &&
          registered.earned >= receipt.earned &&
          registered.epoch <= receipt.epoch;
        const isQuorum = async (list: typeof signatures) => {
          try {
            await client.readContract({
              ...read,
              functionName: "requireQuorum",
              args: [digest, [...list]],
            });
            return true;
          } catch (error) {
            if (isRevert(error)) return false;
            throw error;
          }
        };
        return isRegistered || (await isQuorum(signatures)) || (await isQuorum(standbySignatures));
      }),
  };
}

/** Whether the contract rejected the call. A failing endpoint proves nothing. */
function isRevert(error: unknown): boolean {
  return (
    error instanceof BaseError &&
    error.walk((cause) => cause instanceof ContractFunctionRevertedError) !== null
  );
}
