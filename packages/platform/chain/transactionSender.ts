import { setTimeout as delay } from "node:timers/promises";

import {
  type Address,
  type Hex,
  type PublicClient,
  TransactionReceiptNotFoundError,
  concat,
  keccak256,
} from "viem";

import type { TransactionResult } from "./chainWriter.ts";
import { gasFees } from "@compute-credits/rules/checkpoints/fees";
import type { TransactionSigner } from "./signer.ts";
import type { TransactionAttempt, TransactionStore } from "./transactionStore.ts";
import type { Probe } from "./probe.ts";

export interface SenderOptions {
  readonly chainId: number;
  /** after so long without being mined a transaction is replaced by one that offers more */
  readonly bumpAfterMs: number;
  /** wei; more is never offered */
  readonly maxFeePerGas: bigint;
  readonly probe: Probe;
}

export interface Call {
  readonly to: Address;
  readonly data: Hex;
  /** for the log */
  readonly purpose: string;
}

/** Resolves when the transaction is in a block; rejects where it would fail, or failed. */
export type SendTransaction = (call: Call) => Promise<TransactionResult>;

/** How often a transaction is replaced before the step gives up, to be taken up by the next one. */
const ATTEMPTS = 6;

const POLL_MS = 250;

/** Spare gas over the estimate, in percent: between the two the chain goes on, and storage that was warm may be cold. */
const SPARE_GAS = 25n;

/**
 * Sends one wallet's transactions one by one. Each takes the nonce after the last one that is in a block, and so replaces
 * whatever of this wallet still waits: no gap ever stops it, and after a crash the same call cannot be mined twice.
 * Attempts are recorded before they leave: the next one offers enough to replace them.
 */
export function createTransactionSender(
  client: PublicClient,
  signer: TransactionSigner,
  book: TransactionStore,
  { chainId, bumpAfterMs, maxFeePerGas, probe }: SenderOptions,
): SendTransaction {
  const wallet = signer.address;

  return async (call) => {
    const callHash = keccak256(concat([call.to, call.data]));
    for (let tries = 0; tries < ATTEMPTS; tries++) {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other is the point
      const result = await attempt(call, callHash);
      if (result !== null) return result;
    }
    throw new Error(
      `${call.purpose} was not mined after ${ATTEMPTS} attempts, each offering more: it will be tried again`,
    );
  };

  /** `null` where it has to be tried again, offering more or with another nonce. */
  async function attempt(
    { to, data, purpose }: Call,
    callHash: Hex,
  ): Promise<TransactionResult | null> {
    const nonce = await client.getTransactionCount({ address: wallet });
    const before = await book.ofNonce(wallet, BigInt(nonce));
    const [gas, block, tip] = await Promise.all([
      estimateGas({ account: wallet, to, data }, before.length > 0),
      client.getBlock(),
      client.estimateMaxPriorityFeePerGas(),
    ]);
    const market = { baseFeePerGas: block.baseFeePerGas ?? 0n, maxPriorityFeePerGas: tip };
    const fees = gasFees(market, before, maxFeePerGas);
    if ("reason" in fees) {
      throw new Error(
        `${purpose} needs ${fees.neededPerGas} wei a unit of gas, and MAX_FEE_PER_GAS_GWEI allows ${maxFeePerGas}`,
      );
    }

    const serialized = await signer.signTransaction({
      type: "eip1559",
      chainId,
      nonce,
      to,
      data,
      gas: (gas * (100n + SPARE_GAS)) / 100n,
      ...fees,
    });
    const hash = keccak256(serialized);
    const sent: TransactionAttempt = {
      hash,
      wallet,
      nonce: BigInt(nonce),
      callHash,
      purpose,
      ...fees,
    };
    await book.keep(sent);
    await probe("recorded");
    const isTaken = await client.sendRawTransaction({ serializedTransaction: serialized }).then(
      () => true,
      (error: unknown) => {
        if (isRetryable(error)) return false;
        throw error;
      },
    );
    await probe("sent");

    const mined = await minedOf([...before, sent], isTaken ? bumpAfterMs : POLL_MS);
    if (mined === null || mined.attempt.callHash !== callHash) return null;
    await probe("mined");
    return mined.result;
  }

  /** Some endpoints reckon with what waits: an attempt of our own at the very same call makes it fail there. */
  async function estimateGas(
    call: { account: Address; to: Address; data: Hex },
    mayWait: boolean,
  ): Promise<bigint> {
    return await client.estimateGas(call).catch((error: unknown) => {
      if (mayWait) return client.estimateGas({ ...call, blockTag: "latest" });
      throw error;
    });
  }

  /** Whichever of the attempts with one nonce was mined, or `null` where none is after `patienceMs`. */
  async function minedOf(attempts: readonly TransactionAttempt[], patienceMs: number) {
    const until = performance.now() + patienceMs;
    for (;;) {
      for (const each of attempts) {
        // oxlint-disable-next-line no-await-in-loop -- a handful; only one of them can be there
        const result = await resultOf(each);
        if (result !== null) return { attempt: each, result };
      }
      if (performance.now() >= until) return null;
      // oxlint-disable-next-line no-await-in-loop
      await delay(POLL_MS);
    }
  }

  async function resultOf({
    hash,
    purpose,
  }: TransactionAttempt): Promise<TransactionResult | null> {
    try {
      const { status, gasUsed } = await client.getTransactionReceipt({ hash });
      if (status !== "success") throw new Error(`${purpose}: the transaction ${hash} was reverted`);
      return { transactionHash: hash, gasUsed };
    } catch (error) {
      if (error instanceof TransactionReceiptNotFoundError) return null;
      throw error;
    }
  }
}

/** The nonce went to another of our attempts, or this one is there already, or offers too little to replace one. */
function isRetryable(error: unknown): boolean {
  return /nonce|already (known|imported)|underpriced|known transaction|replace/i.test(
    String(error),
  );
}
