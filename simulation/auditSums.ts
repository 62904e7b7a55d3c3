import type { Address } from "viem";

import type { AuditedLog } from "./auditLog.ts";
import type { LedgerSnapshot } from "./ledgerSnapshot.ts";
import type { AppliedBlock } from "./chain.ts";
import { Disagreement } from "./disagreement.ts";

/** The balances are the sums of what the log, the holds and the chain say: nothing is lost, nothing is made. */
export function auditSums(
  snapshot: LedgerSnapshot,
  { debits }: AuditedLog,
  blocks: readonly AppliedBlock[],
): void {
  const spent = new Sums();
  const earned = new Sums();
  for (const [key, rows] of debits) {
    if (snapshot.voids.has(key)) continue;
    for (const { account, provider, amount, fee } of rows) {
      spent.add(account, amount);
      earned.add(provider, amount - fee);
    }
  }
  const held = new Sums();
  const open = new Set(snapshot.holds.filter((h) => h.resolved_at === null).map(({ key }) => key));
  for (const { key, account, held: amount } of snapshot.parts) {
    if (amount > 0n && !open.has(key)) throw new Disagreement("a hold that ended holds", { key });
    held.add(account, amount);
  }
  const purchased = new Sums();
  const asked = new Sums();
  const counters = new Map<Address, bigint>();
  for (const event of blocks.flatMap(({ events }) => events)) {
    if (event.type === "purchased") purchased.add(event.account, event.amountMicros);
    if (event.type === "refund_requested") asked.add(event.account, event.requestedMicros);
    if (event.type === "counter_raised") counters.set(event.account, event.counter);
  }

  for (const row of snapshot.accounts) {
    const expected = {
      purchased: purchased.of(row.address),
      spent: spent.of(row.address),
      held: held.of(row.address),
      counter: counters.get(row.address) ?? 0n,
    };
    const free = row.purchased - row.spent - row.held - row.refunding - row.refunded;
    const refunds = row.refunding + row.refunded + row.waiting;
    const isRight =
      row.purchased === expected.purchased &&
      row.spent === expected.spent &&
      row.held === expected.held &&
      row.counter === expected.counter;
    if (!isRight || free < 0n || row.waiting > row.held || refunds > asked.of(row.address)) {
      throw new Disagreement("a balance is not the sum of what happened", { row, expected, free });
    }
    // What waits is served before anything else may use what is free.
    spent.delete(row.address);
  }
  const left = [...spent.entries()].filter(([, amount]) => amount !== 0n);
  if (left.length > 0) throw new Disagreement("accounts are missing", { left });

  for (const { provider, earned: amount } of snapshot.earnings) {
    if (earned.of(provider) !== amount) {
      throw new Disagreement("earnings are not the sum of the debits", {
        provider,
        amount,
        expected: earned.of(provider),
      });
    }
    earned.delete(provider);
  }
  const unpaid = [...earned.entries()].filter(([, amount]) => amount !== 0n);
  if (unpaid.length > 0) throw new Disagreement("earnings are missing", { unpaid });
}

class Sums {
  readonly #sums = new Map<string, bigint>();

  add(key: string, amount: bigint): void {
    this.#sums.set(key, this.of(key) + amount);
  }
  of(key: string): bigint {
    return this.#sums.get(key) ?? 0n;
  }
  delete(key: string): void {
    this.#sums.delete(key);
  }
  entries() {
    return this.#sums.entries();
  }
}
