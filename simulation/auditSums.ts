import type { Address } from "viem";

import type { AuditedLog } from "./auditLog.ts";
import type { LedgerSnapshot } from "./ledgerSnapshot.ts";
import type { AppliedBlock } from "./chain.ts";
import { DisagreementError } from "./disagreement.ts";

/**
 * Checks that balances are exactly the sums of log, holds and chain: no credits are lost or
 * created.
 */
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
  for (const { account, payer, amount } of snapshot.writeOffs) {
    spent.add(account, -amount);
    spent.add(payer, amount);
  }
  const held = new Sums();
  const open = new Set(snapshot.holds.filter((h) => h.resolved_at === null).map(({ key }) => key));
  for (const { key, account, held: amount } of snapshot.parts) {
    if (amount > 0n && !open.has(key)) {
      throw new DisagreementError("a resolved hold still holds credits", { key });
    }
    held.add(account, amount);
  }
  const purchased = new Sums();
  const requestedRefunds = new Sums();
  const counters = new Map<Address, bigint>();
  const recordedCaps = new Map<string, bigint>();
  const highestCaps = new Map<Address, bigint>();
  for (const event of blocks.flatMap(({ events }) => events)) {
    if (event.type === "purchased") purchased.add(event.account, event.amountMicros);
    if (event.type === "refund_requested")
      requestedRefunds.add(event.account, event.requestedMicros);
    if (event.type === "counter_raised") counters.set(event.account, event.counter);
    if (event.type === "cap_recorded") {
      const { account, counter, accountCapMicros: cap } = event;
      recordedCaps.set(`${account} ${counter}`, cap);
      const highest = highestCaps.get(account) ?? 0n;
      highestCaps.set(account, cap > highest ? cap : highest);
    }
  }

  for (const row of snapshot.accounts) {
    const counter = counters.get(row.address) ?? 0n;
    const expected = {
      purchased: purchased.of(row.address),
      spent: spent.of(row.address),
      held: held.of(row.address),
      counter,
      recordedCap: recordedCaps.get(`${row.address} ${counter}`) ?? 0n,
    };
    const free = row.purchased - row.spent - row.held - row.refunding - row.refunded;
    const refunds = row.refunding + row.refunded + row.waiting;
    const matches =
      row.purchased === expected.purchased &&
      row.spent === expected.spent &&
      row.held === expected.held &&
      row.counter === expected.counter &&
      row.recordedCap === expected.recordedCap;
    // Only contract wallets record caps here, and a counter starts with what was spent before.
    const highest = highestCaps.get(row.address);
    if (highest !== undefined && row.spent + row.held > highest) {
      throw new DisagreementError("a contract wallet spent more than is on record", { row });
    }
    if (!matches || free < 0n || refunds > requestedRefunds.of(row.address)) {
      throw new DisagreementError("a balance is not the sum of its log", { row, expected, free });
    }
    spent.delete(row.address);
  }
  const missing = [...spent.entries()].filter(([, amount]) => amount !== 0n);
  if (missing.length > 0) throw new DisagreementError("accounts are missing", { missing });

  for (const { provider, earned: amount } of snapshot.earnings) {
    if (earned.of(provider) !== amount) {
      throw new DisagreementError("earnings are not the sum of the debits", {
        provider,
        amount,
        expected: earned.of(provider),
      });
    }
    earned.delete(provider);
  }
  const unpaid = [...earned.entries()].filter(([, amount]) => amount !== 0n);
  if (unpaid.length > 0) throw new DisagreementError("earnings are missing", { unpaid });
}

/** Sums of micro-credits by key, 0 for an unknown key. */
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
