import type { Hex } from "viem";

import type { AuditedLog } from "./auditLog.ts";
import type { LedgerSnapshot } from "./ledgerSnapshot.ts";
import { DisagreementError } from "./disagreement.ts";
import type { Journal } from "./journal.ts";
import { lotKey } from "./model/keyOf.ts";
import { type Budget, budgetAt, periodOf } from "./model/budget.ts";

/** A change of an allowance's budget. */
interface Entry {
  readonly at: Date;
  /** when the credits were taken, which decides the period's budget */
  readonly takenAt: Date;
  /** micro-credits taken out of the budget; negative if returned */
  readonly used: bigint;
  readonly spent: bigint;
}

/**
 * Replays each allowance from the log. It must end in the database's state and never exceed its
 * limit. The order within one millisecond is unknown, so returns are applied first: no false
 * alarms.
 */
export function auditBudgets(
  snapshot: LedgerSnapshot,
  { debits, holdOf, lotsOf }: AuditedLog,
  journal: Journal,
): { replayed: number; skipped: number } {
  const entries = new Map<Hex, Entry[]>();
  const unreplayable = new Set<Hex>();
  /** A grant's entries count against its campaign, too. */
  const budgetsOf = (allowance: Hex) => [
    allowance,
    ...[journal.allowances.get(allowance)?.campaign ?? []].flat(),
  ];
  function addEntry(allowance: Hex, entry: Entry): void {
    for (const budget of budgetsOf(allowance)) {
      const list = entries.get(budget);
      if (list === undefined) entries.set(budget, [entry]);
      else list.push(entry);
    }
  }

  const holds = new Map(snapshot.holds.map((hold) => [hold.key, hold]));
  const lots = new Map(snapshot.lots.map((lot) => [lotKey(lot.key, lot.lot), lot]));
  const partsOf = Map.groupBy(snapshot.parts, ({ key }) => key);
  const heldAtOf = (hold: string, lot: number) => {
    const heldAt = lots.get(lotKey(hold, lot))?.heldAt;
    if (heldAt === undefined) throw new DisagreementError("a part has no lot", { hold, lot });
    return heldAt;
  };
  /** captured micro-credits, by lot and allowance */
  const captured = new Map<string, bigint>();

  for (const [key, rows] of debits) {
    const hold = holds.get(holdOf.get(key) ?? "");
    const voidedAt = snapshot.voids.get(key)?.at;
    for (const [part, { allowance, amount, recorded_at: at }] of rows.entries()) {
      const lot = lotsOf.get(key)?.[part] ?? 0;
      const takenAt = hold === undefined ? at : heldAtOf(hold.key, lot);
      if (hold === undefined) addEntry(allowance, { at, takenAt, used: amount, spent: amount });
      else {
        const paid = `${lotKey(hold.key, lot)} ${allowance}`;
        captured.set(paid, (captured.get(paid) ?? 0n) + amount);
        addEntry(allowance, { at, takenAt, used: 0n, spent: amount });
      }
      if (voidedAt !== undefined) {
        addEntry(allowance, { at: voidedAt, takenAt, used: -amount, spent: -amount });
      }
    }
    // A capture advances the period of every allowance of the hold, even if it takes nothing from
    // it.
    const at = rows[0]?.recorded_at;
    if (hold !== undefined && at !== undefined) {
      for (const { allowance, lot } of partsOf.get(hold.key) ?? []) {
        const takenAt = heldAtOf(hold.key, lot);
        // An extension may have come later.
        if (takenAt <= at) addEntry(allowance, { at, takenAt, used: 0n, spent: 0n });
      }
    }
  }

  for (const [key, hold] of holds) {
    for (const { allowance, lot, held } of partsOf.get(key) ?? []) {
      const original = journal.originalParts.get(lotKey(key, lot));
      const heldMicros = original?.find((part) => part.allowance === allowance)?.heldMicros;
      if (heldMicros === undefined) {
        for (const budget of budgetsOf(allowance)) unreplayable.add(budget);
        continue;
      }
      const { resolved_at: at } = hold;
      const takenAt = heldAtOf(key, lot);
      addEntry(allowance, { at: takenAt, takenAt, used: heldMicros, spent: 0n });
      const returned = heldMicros - (captured.get(`${lotKey(key, lot)} ${allowance}`) ?? 0n) - held;
      if (at === null && returned !== 0n) {
        const evidence = { key, allowance, heldMicros, held };
        throw new DisagreementError("an open hold has lost credits", evidence);
      }
      if (at !== null) addEntry(allowance, { at, takenAt, used: -returned, spent: 0n });
    }
  }

  for (const row of snapshot.allowances) {
    const signed = journal.allowances.get(row.id);
    if (signed === undefined) throw new DisagreementError("an unknown allowance", { row });
    if (unreplayable.has(row.id)) continue;
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
        const evidence = { row, budget, entry, message };
        throw new DisagreementError("an allowance exceeded its limit", evidence);
      }
    }
    const matches =
      budget.period === row.period &&
      budget.carried === row.carried &&
      budget.used === row.used &&
      budget.spent === row.spent;
    if (!matches) {
      throw new DisagreementError("an allowance differs from its log", { row, budget, message });
    }
    const last = ordered.findLast(({ used, takenAt, at }) => used > 0n && takenAt === at);
    if (row.revoked_at !== null && last !== undefined && last.at > row.revoked_at) {
      throw new DisagreementError("an allowance paid after it was revoked", { row, last });
    }
  }
  return { replayed: snapshot.allowances.length - unreplayable.size, skipped: unreplayable.size };
}
