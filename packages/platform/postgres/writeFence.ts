import { AsyncLocalStorage } from "node:async_hooks";

import type { Database, Transaction } from "./database.ts";
import { isWrite } from "./sentWrites.ts";

/**
 * Runs in each transaction of some work before its first write. What it writes commits with the
 * transaction, and the transaction is rolled back if it throws.
 */
export type WriteFence = (tx: Transaction) => Promise<void>;

const current = new AsyncLocalStorage<WriteFence | undefined>();

/**
 * Runs `work`, such as a request's handler, with this fence in each transaction that writes, after
 * the fence that is there already.
 */
export function fenceWrites<T>(fence: WriteFence, work: () => T): T {
  const outer = current.getStore();
  if (outer === undefined) return current.run(fence, work);
  const both: WriteFence = async (tx) => {
    await outer(tx);
    await fence(tx);
  };
  return current.run(both, work);
}

/** Runs work that is not fenced, such as what a fence's owner writes itself. */
export function withoutFence<T>(work: () => T): T {
  return current.run(undefined, work);
}

/**
 * The same database, which keeps to the fence around each call. A single statement that writes
 * becomes a transaction then. Without a fence nothing is added to what is sent.
 */
export function withWriteFence(database: Database): Database {
  return {
    ...database,
    async query<Row extends object>(text: string, values?: readonly unknown[]) {
      const fence = current.getStore();
      if (fence === undefined || !isWrite(text)) return await database.query<Row>(text, values);
      return await database.transaction(async (tx) => {
        await fence(tx);
        return await tx.query<Row>(text, values);
      });
    },
    async transaction(work, options) {
      const fence = current.getStore();
      if (fence === undefined) return await database.transaction(work, options);
      return await database.transaction(async (tx) => {
        const fenced = fencedTransaction(tx, fence);
        const result = await work(fenced.tx);
        await fenced.beforeCommit();
        return result;
      }, options);
    },
  };
}

function fencedTransaction(tx: Transaction, fence: WriteFence) {
  let passed: Promise<void> | undefined;
  let hasLast = false;

  function pass(): Promise<void> {
    passed ??= fence(tx);
    return passed;
  }

  const fenced: Transaction = {
    async query<Row extends object>(text: string, values?: readonly unknown[]) {
      // Once a write waits for the fence, so do the statements after it: they keep their order.
      if (passed !== undefined || isWrite(text)) await pass();
      return await tx.query<Row>(text, values);
    },
    async script(text) {
      await pass();
      await tx.script(text);
    },
    withCommit(...statement) {
      hasLast = true;
      tx.withCommit(...statement);
    },
  };
  return {
    tx: fenced,
    async beforeCommit(): Promise<void> {
      if (hasLast) await pass();
    },
  };
}
