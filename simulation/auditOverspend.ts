import type { Address } from "viem";

import type { AuditedLog } from "./auditLog.ts";
import type { LedgerSnapshot } from "./ledgerSnapshot.ts";
import type { AppliedBlock } from "./chain.ts";
import { DisagreementError } from "./disagreement.ts";
import type { Journal } from "./journal.ts";
import { lotKey } from "./model/keyOf.ts";

/** A change of an account's balance, in micro-credits. */
interface Entry {
  readonly at: Date;
  /** change of the available credits */
  readonly free: bigint;
  /** change of `spent + held`, which caps bound */
  readonly used: bigint;
  readonly cap: bigint | null;
}

/**
 * Replays each account from the log. It must never go below zero or above the cap of a charging
 * allowance. A purchase counts from its first attempt, and entries of one millisecond count in the
 * most favourable order: no false alarms.
 */
export function auditOverspend(
  snapshot: LedgerSnapshot,
  { debits, holdOf, lotsOf }: AuditedLog,
  journal: Journal,
  blocks: readonly AppliedBlock[],
): void {
  const entries = new Map<Address, Entry[]>();
  const unreplayable = new Set<Address>();
  function addEntry(account: Address, entry: Entry): void {
    const list = entries.get(account);
    if (list === undefined) entries.set(account, [entry]);
    else list.push(entry);
  }

  for (const { events, from } of blocks) {
    for (const event of events) {
      if (event.type !== "purchased") continue;
      addEntry(event.account, { at: from, free: event.amountMicros, used: 0n, cap: null });
    }
  }
  const captured = new Map<string, bigint>();
  for (const [key, rows] of debits) {
    const hold = holdOf.get(key);
    const voidedAt = snapshot.voids.get(key)?.at;
    for (const [n, { account, allowance, amount, recorded_at: at }] of rows.entries()) {
      if (hold === undefined) {
        const cap = journal.allowances.get(allowance)?.message.accountCap ?? null;
        addEntry(account, { at, free: -amount, used: amount, cap });
      } else {
        const part = `${lotKey(hold, lotsOf.get(key)?.[n] ?? 0)} ${allowance}`;
        captured.set(part, (captured.get(part) ?? 0n) + amount);
      }
      if (voidedAt !== undefined) {
        addEntry(account, { at: voidedAt, free: amount, used: -amount, cap: null });
      }
    }
  }
  for (const { account, payer, amount, at } of snapshot.writeOffs) {
    addEntry(account, { at, free: amount, used: -amount, cap: null });
    addEntry(payer, { at, free: -amount, used: amount, cap: null });
  }
  const lots = new Map(snapshot.lots.map((lot) => [lotKey(lot.key, lot.lot), lot]));
  const holds = new Map(snapshot.holds.map((hold) => [hold.key, hold]));
  for (const { key, lot, account, allowance, held } of snapshot.parts) {
    const hold = holds.get(key);
    const heldAt = lots.get(lotKey(key, lot))?.heldAt;
    const heldMicros = journal.originalParts
      .get(lotKey(key, lot))
      ?.find((part) => part.allowance === allowance)?.heldMicros;
    if (hold === undefined || heldAt === undefined || heldMicros === undefined) {
      unreplayable.add(account);
      continue;
    }
    const cap = journal.allowances.get(allowance)?.message.accountCap ?? null;
    addEntry(account, { at: heldAt, free: -heldMicros, used: heldMicros, cap });
    const returned = heldMicros - (captured.get(`${lotKey(key, lot)} ${allowance}`) ?? 0n) - held;
    if (hold.resolved_at !== null) {
      addEntry(account, { at: hold.resolved_at, free: returned, used: -returned, cap: null });
    }
  }

  for (const [account, list] of entries) {
    if (unreplayable.has(account)) continue;
    const byMoment = Map.groupBy(list, ({ at }) => at.getTime());
    let free = 0n;
    let used = 0n;
    for (const moment of [...byMoment.keys()].toSorted((a, b) => a - b)) {
      const group = byMoment.get(moment) ?? [];
      const minUsed = group.reduce(
        (sum, entry) => (entry.used < 0n ? sum + entry.used : sum),
        used,
      );
      for (const { cap, used: more } of group) {
        if (cap !== null && more > 0n && minUsed + more > cap) {
          const evidence = { account, cap, used: minUsed, more, moment };
          throw new DisagreementError("a cap was exceeded", evidence);
        }
      }
      for (const entry of group) {
        free += entry.free;
        used += entry.used;
      }
      if (free < 0n)
        throw new DisagreementError("an account was overspent", { account, free, moment });
    }
  }
}
