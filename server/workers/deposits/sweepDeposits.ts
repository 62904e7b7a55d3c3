import type { Address } from "viem";

import { CallRefusedError } from "@compute-credits/platform/chain/chainWriter";
import { type DepositChain, sweepManyData } from "@compute-credits/platform/chain/depositChain";
import type { SendTransaction } from "@compute-credits/platform/chain/transactionSender";
import type { DepositWatchStore } from "../../stores/deposits/depositWatchStore.ts";

export interface SweepDeps {
  readonly chain: DepositChain;
  readonly watches: Pick<DepositWatchStore, "takeDue" | "swept" | "refused">;
  readonly send: SendTransaction;
  /** pays the gas */
  readonly sweeper: Address;
  /** micro-credits that a deposit must buy to be worth its gas */
  readonly worthMicros: bigint;
  /** Least time between two looks at one address. */
  readonly lookSeconds: number;
}

/** Addresses that one step looks at, in one call. */
const LOOKS_PER_STEP = 200;

/** A first sweep takes up to 150,000 gas (`npm run gas`), so a transaction stays under 4 million. */
const SWEEPS_PER_TRANSACTION = 20;

/** Gas for the loop around each sweep, and for the state that changes before it runs. */
const SPARE_GAS = 30_000n;

/**
 * Sweeps what is worth its gas at the watched addresses whose look is due. Keeps nothing in mind:
 * what is to be swept stands on the chain, so a crash, a reorg or a second server costs a look. One
 * that the chain refuses waits alone, and stops no other.
 */
export async function sweepDeposits({
  chain,
  watches,
  send,
  sweeper,
  worthMicros,
  lookSeconds,
}: SweepDeps): Promise<"done" | "more"> {
  // Before any is taken: no refusal is to be written down for each address during a pause.
  if (await chain.isPaused()) return "done";
  const due = await watches.takeDue(LOOKS_PER_STEP, lookSeconds);
  if (due.length === 0) return "done";
  const isWorth = ({ creditMicros }: { creditMicros: bigint }) => creditMicros >= worthMicros;
  const worthwhile = (await chain.read(due)).filter(isWorth).map(({ account }) => account);

  for (let first = 0; first < worthwhile.length; first += SWEEPS_PER_TRANSACTION) {
    const some = worthwhile.slice(first, first + SWEEPS_PER_TRANSACTION);
    // oxlint-disable-next-line no-await-in-loop -- one wallet sends its transactions one by one
    await sweepSome(some);
  }
  return due.length === LOOKS_PER_STEP ? "more" : "done";

  async function sweepSome(accounts: readonly Address[]): Promise<void> {
    const able: Address[] = [];
    let gas = 0n;
    for (const account of accounts) {
      // Each alone: an estimate of them together is too low, because the contract catches what fails.
      // oxlint-disable-next-line no-await-in-loop -- spares the endpoint
      const estimate = await chain.estimateSweep(account, sweeper);
      if (typeof estimate === "bigint") {
        able.push(account);
        gas += estimate + SPARE_GAS;
      } else {
        // oxlint-disable-next-line no-await-in-loop -- as above
        await watches.refused(account, estimate.refusal);
      }
    }
    if (able.length === 0) return;
    const call = {
      to: chain.address,
      data: sweepManyData(able),
      purpose: `sweeping ${able.length} deposit addresses`,
      gas,
    };
    try {
      await send(call);
    } catch (error) {
      if (!(error instanceof CallRefusedError)) throw error;
      for (const account of able) {
        // oxlint-disable-next-line no-await-in-loop -- a few
        await watches.refused(account, error.message);
      }
      return;
    }
    // The contract skips one that fails, and the transaction succeeds all the same. What a stranger
    // swept in the meantime is swept, too.
    const after = await chain.read(able);
    const left = new Set(after.filter(isWorth).map(({ account }) => account));
    await watches.swept(able.filter((account) => !left.has(account)));
    for (const account of left) {
      // oxlint-disable-next-line no-await-in-loop -- a few
      await watches.refused(account, "the contract skipped its sweep");
    }
  }
}
