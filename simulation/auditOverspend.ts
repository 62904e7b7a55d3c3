import type { Address } from "viem";

import { type AuditedLog, wholeHolds } from "./auditLog.ts";
import type { LedgerSnapshot } from "./ledgerSnapshot.ts";
import type { AppliedBlock } from "./chain.ts";
import { Disagreement } from "./disagreement.ts";
import type { Journal } from "./journal.ts";

interface Entry {
  readonly at: Date;
  /** negative: out of what is free */
  readonly free: bigint;
  /** what it adds to `spent + held`, which caps bound */
  readonly used: bigint;
  readonly cap: bigint | null;
}

/**
 * Replays each account from the log: at no moment was more taken than was bought, or than the cap of the allowance that
 * took it. A purchase counts from when it was first sent; entries of one millisecond count from the best order. So nobody
 * is accused wrongly, and an overspend that any order explains is none.
 */
export function auditOverspend(
  snapshot: LedgerSnapshot,
  { debits, holdOf }: AuditedLog,
  journal: Journal,
  blocks: readonly AppliedBlock[],
): void {
  const entries = new Map<Address, Entry[]>();
  const unknown = new Set<Address>();
  function enter(account: Address, entry: Entry): void {
    const list = entries.get(account);
    if (list === undefined) entries.set(account, [entry]);
    else list.push(entry);
  }

  for (const { events, from } of blocks) {
    for (const event of events) {
      if (event.type !== "purchased") continue;
      enter(event.account, { at: from, free: event.amountMicros, used: 0n, cap: null });
    }
  }
  const captured = new Map<string, bigint>();
  for (const [key, rows] of debits) {
    const hold = holdOf.get(key);
    const voidedAt = snapshot.voids.get(key)?.at;
    for (const { account, allowance, amount, recorded_at: at } of rows) {
      if (hold === undefined) {
        const cap = journal.allowances.get(allowance)?.message.accountCap ?? null;
        enter(account, { at, free: -amount, used: amount, cap });
      } else {
        const part = `${hold} ${allowance}`;
        captured.set(part, (captured.get(part) ?? 0n) + amount);
      }
      if (voidedAt !== undefined) {
        enter(account, { at: voidedAt, free: amount, used: -amount, cap: null });
      }
    }
  }
  const whole = wholeHolds(journal);
  const holds = new Map(snapshot.holds.map((hold) => [hold.key, hold]));
  for (const { key, account, allowance, held } of snapshot.parts) {
    const hold = holds.get(key);
    const before = whole.get(key)?.parts.find((part) => part.allowance === allowance)?.heldMicros;
    if (hold === undefined || before === undefined) {
      unknown.add(account);
      continue;
    }
    const cap = journal.allowances.get(allowance)?.message.accountCap ?? null;
    enter(account, { at: hold.created_at, free: -before, used: before, cap });
    const returned = before - (captured.get(`${key} ${allowance}`) ?? 0n) - held;
    if (hold.resolved_at !== null) {
      enter(account, { at: hold.resolved_at, free: returned, used: -returned, cap: null });
    }
  }

  for (const [account, list] of entries) {
    if (unknown.has(account)) continue;
    const byMoment = Map.groupBy(list, ({ at }) => at.getTime());
    let free = 0n;
    let used = 0n;
    for (const moment of [...byMoment.keys()].toSorted((a, b) => a - b)) {
      const group = byMoment.get(moment) ?? [];
      const least = group.reduce((sum, entry) => (entry.used < 0n ? sum + entry.used : sum), used);
      for (const { cap, used: more } of group) {
        if (cap !== null && more > 0n && least + more > cap) {
          throw new Disagreement("a cap was passed", { account, cap, used: least, more, moment });
        }
      }
      for (const entry of group) {
        free += entry.free;
        used += entry.used;
      }
      if (free < 0n) throw new Disagreement("an account was overspent", { account, free, moment });
    }
  }
}
