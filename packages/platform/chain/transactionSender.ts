import { setTimeout as delay } from "node:timers/promises";

import {
  type Address,
  type Hex,
  type PublicClient,
  TransactionReceiptNotFoundError,
  concat,
  keccak256,
} from "viem";

import { isAnsweredError } from "./answeredError.ts";
import { CallRefusedError, type TransactionResult } from "./chainWriter.ts";
import { min } from "@compute-credits/protocol/amounts";
import { gasFees } from "@compute-credits/rules/checkpoints/fees";
import type { TransactionSigner } from "./signer.ts";
import type { TransactionAttempt, TransactionStore } from "./transactionStore.ts";
import type { Probe } from "./probe.ts";

export interface SenderOptions {
  readonly chainId: number;
  /** a transaction not mined after this time is replaced by one with higher fees */
  readonly bumpAfterMs: number;
  /** wei per unit of gas; the upper limit of every offer */
  readonly maxFeePerGas: bigint;
  readonly probe: Probe;
}

export interface Call {
  readonly to: Address;
  readonly data: Hex;
  /** for the log */
  readonly purpose: string;
  /** the most gas that it may use, if a stranger's code runs in it */
  readonly maxGas?: bigint;
  /** gas in place of an estimate, which is too low where a contract catches what fails */
  readonly gas?: bigint;
}

/** Resolves when the transaction is in a block. Rejects if it would revert, or has reverted. */
export type SendTransaction = (call: Call) => Promise<TransactionResult>;

/** Attempts per call. The settler's next step then sends the call again. */
const ATTEMPTS = 6;

const POLL_MS = 250;

/**
 * Percent of gas added to the estimate, because the state may change before the transaction runs.
 */
const SPARE_GAS = 25n;

/**
 * Creates a sender for one wallet. It sends one transaction at a time with the next mined nonce, so
 * each replaces whatever is still pending: no nonce gap can block it, and after a crash the same
 * call is not mined twice. It records each attempt before sending, so that the next one can outbid
 * it.
 */
export function createTransactionSender(
  client: PublicClient,
  signer: TransactionSigner,
  store: TransactionStore,
  { chainId, bumpAfterMs, maxFeePerGas, probe }: SenderOptions,
): SendTransaction {
  const wallet = signer.address;

  return async (call) => {
    const callHash = keccak256(concat([call.to, call.data]));
    for (let tries = 0; tries < ATTEMPTS; tries++) {
      // oxlint-disable-next-line no-await-in-loop -- attempts run one after another
      const result = await attempt(call, callHash);
      if (result !== null) return result;
    }
    throw new Error(
      `${call.purpose} was not mined after ${ATTEMPTS} attempts with rising fees. It will be tried again`,
    );
  };

  /**
   * Sends the call once. `null` if another attempt is needed, with higher fees or another nonce.
   */
  async function attempt(
    { to, data, purpose, maxGas, gas: given }: Call,
    callHash: Hex,
  ): Promise<TransactionResult | null> {
    const nonce = await client.getTransactionCount({ address: wallet });
    const before = await store.attemptsOf(wallet, BigInt(nonce));
    const [gas, block, tip] = await Promise.all([
      given ??
        estimateGas({ account: wallet, to, data }, before.length > 0).catch((cause: unknown) => {
          if (!isAnsweredError(cause)) throw cause;
          throw new CallRefusedError(`${purpose}: the chain refuses the call`, { cause });
        }),
      client.getBlock(),
      client.estimateMaxPriorityFeePerGas(),
    ]);
    if (maxGas !== undefined && gas > maxGas) {
      throw new CallRefusedError(`${purpose} needs ${gas} gas, which is more than ${maxGas}`);
    }
    const spareGas = given ?? (gas * (100n + SPARE_GAS)) / 100n;
    const market = { baseFeePerGas: block.baseFeePerGas ?? 0n, maxPriorityFeePerGas: tip };
    const fees = gasFees(market, before, maxFeePerGas);
    if ("reason" in fees) {
      throw new Error(
        `${purpose} needs ${fees.neededPerGas} wei per unit of gas, but MAX_FEE_PER_GAS_GWEI allows ${maxFeePerGas}`,
      );
    }

    const serialized = await signer.signTransaction({
      type: "eip1559",
      chainId,
      nonce,
      to,
      data,
      gas: maxGas === undefined ? spareGas : min(spareGas, maxGas),
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
    await store.record(sent);
    await probe("recorded");
    const isAccepted = await client.sendRawTransaction({ serializedTransaction: serialized }).then(
      () => true,
      (error: unknown) => {
        if (isRetryable(error)) return false;
        throw error;
      },
    );
    await probe("sent");

    const mined = await minedOf([...before, sent], isAccepted ? bumpAfterMs : POLL_MS);
    if (mined === null || mined.attempt.callHash !== callHash) return null;
    await probe("mined");
    return mined.result;
  }

  /**
   * Estimates gas. Some endpoints include pending transactions, where our own pending attempt at
   * the same call makes the estimate fail: then asks for the latest block instead.
   */
  async function estimateGas(
    call: { account: Address; to: Address; data: Hex },
    mayBePending: boolean,
  ): Promise<bigint> {
    return await client.estimateGas(call).catch((error: unknown) => {
      if (mayBePending) return client.estimateGas({ ...call, blockTag: "latest" });
      throw error;
    });
  }

  /** Waits for one of the attempts with the same nonce to be mined; `null` after `patienceMs`. */
  async function minedOf(attempts: readonly TransactionAttempt[], patienceMs: number) {
    const until = performance.now() + patienceMs;
    for (;;) {
      for (const each of attempts) {
        // oxlint-disable-next-line no-await-in-loop -- a few; at most one of them is mined
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
      if (status !== "success") {
        throw new CallRefusedError(`${purpose}: the transaction ${hash} reverted`);
      }
      return { transactionHash: hash, gasUsed };
    } catch (error) {
      if (error instanceof TransactionReceiptNotFoundError) return null;
      throw error;
    }
  }
}

/**
 * Whether the nonce is used, the transaction is already known, or its fees are too low to replace.
 */
function isRetryable(error: unknown): boolean {
  return /nonce|already (known|imported)|underpriced|known transaction|replace/i.test(
    String(error),
  );
}
