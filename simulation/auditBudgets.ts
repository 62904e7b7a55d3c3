import type { Hex } from "viem";

import { type AuditedLog, wholeHolds } from "./auditLog.ts";
import type { LedgerSnapshot } from "./ledgerSnapshot.ts";
import { Disagreement } from "./disagreement.ts";
import type { Journal } from "./journal.ts";
import { type Budget, budgetAt, periodOf } from "./model/budget.ts";

/** Something that happened to an allowance. */
interface Entry {
  readonly at: Date;
  /** when the credits were set aside: which budget they are of */
  readonly takenAt: Date;
  /** out of the budget; negative: back into it */
  readonly used: bigint;
  readonly spent: bigint;
}

/**
 * Replays each allowance from the log: it ends where the database has it, and was over its limit at no moment. Entries of
 * one millisecond have no known order; what comes back is taken first, which accuses nobody wrongly.
 */
export function auditBudgets(
  snapshot: LedgerSnapshot,
  { debits, holdOf }: AuditedLog,
  journal: Journal,
): { replayed: number; skipped: number } {
  const entries = new Map<Hex, Entry[]>();
  const unknown = new Set<Hex>();
  /** What happens to a grant happens to its campaign as well. */
  const budgetsOf = (allowance: Hex) => [
    allowance,
    ...[journal.allowances.get(allowance)?.campaign ?? []].flat(),
  ];
  function enter(allowance: Hex, entry: Entry): void {
    for (const budget of budgetsOf(allowance)) {
      const list = entries.get(budget);
      if (list === undefined) entries.set(budget, [entry]);
      else list.push(entry);
    }
  }

  const holds = new Map(snapshot.holds.map((hold) => [hold.key, hold]));
  const whole = wholeHolds(journal);
  const partsOf = Map.groupBy(snapshot.parts, ({ key }) => key);
  /** of each part of a hold, what has left it */
  const captured = new Map<string, bigint>();

  for (const [key, rows] of debits) {
    const hold = holds.get(holdOf.get(key) ?? "");
    const voidedAt = snapshot.voids.get(key)?.at;
    for (const { allowance, amount, recorded_at: at } of rows) {
      const takenAt = hold?.created_at ?? at;
      if (hold === undefined) enter(allowance, { at, takenAt, used: amount, spent: amount });
      else {
        const part = `${hold.key} ${allowance}`;
        captured.set(part, (captured.get(part) ?? 0n) + amount);
        enter(allowance, { at, takenAt, used: 0n, spent: amount });
      }
      if (voidedAt !== undefined) {
        enter(allowance, { at: voidedAt, takenAt, used: -amount, spent: -amount });
      }
    }
    // A capture turns the page of every allowance of the hold, also of those that it takes nothing from.
    const at = rows[0]?.recorded_at;
    if (hold !== undefined && at !== undefined) {
      for (const { allowance } of partsOf.get(hold.key) ?? []) {
        enter(allowance, { at, takenAt: hold.created_at, used: 0n, spent: 0n });
      }
    }
  }

  for (const [key, hold] of holds) {
    const report = whole.get(key);
    for (const { allowance, held } of partsOf.get(key) ?? []) {
      const before = report?.parts.find((part) => part.allowance === allowance)?.heldMicros;
      if (before === undefined) {
        for (const budget of budgetsOf(allowance)) unknown.add(budget);
        continue;
      }
      const { created_at: takenAt, resolved_at: at } = hold;
      enter(allowance, { at: takenAt, takenAt, used: before, spent: 0n });
      const returned = before - (captured.get(`${key} ${allowance}`) ?? 0n) - held;
      if (at === null && returned !== 0n) {
        throw new Disagreement("an open hold has lost credits", { key, allowance, before, held });
      }
      if (at !== null) enter(allowance, { at, takenAt, used: -returned, spent: 0n });
    }
  }

  for (const row of snapshot.allowances) {
    const signed = journal.allowances.get(row.id);
    if (signed === undefined) throw new Disagreement("an allowance that nobody signed", { row });
    if (unknown.has(row.id)) continue;
    const { message, period } = signed;
    let budget: Budget & { spent: bigint } = { period, carried: 0n, used: 0n, spent: 0n };
    const ordered = (entries.get(row.id) ?? []).toSorted(
      (a, b) => a.at.getTime() - b.at.getTime() || Number(a.used - b.used),
    );
    for (const entry of ordered) {
      const now = budgetAt(message, budget, entry.at);
      const isOpen = periodOf(message, entry.takenAt) === now.period;
      budget = {
        ...now,
        used: now.used + (isOpen ? entry.used : 0n),
        spent: now.spent + entry.spent,
      };
      if (budget.used > message.limit + budget.carried) {
        throw new Disagreement("an allowance was over its limit", { row, budget, entry, message });
      }
    }
    const isRight =
      budget.period === row.period &&
      budget.carried === row.carried &&
      budget.used === row.used &&
      budget.spent === row.spent;
    if (!isRight) {
      throw new Disagreement("an allowance is not where its log leads", { row, budget, message });
    }
    const last = ordered.findLast(({ used, takenAt, at }) => used > 0n && takenAt === at);
    if (row.revoked_at !== null && last !== undefined && last.at > row.revoked_at) {
      throw new Disagreement("an allowance paid after it was revoked", { row, last });
    }
  }
  return { replayed: snapshot.allowances.length - unknown.size, skipped: unknown.size };
}
