import type { Address } from "viem";

import type { Row } from "@compute-credits/protocol/tree/row";
import type { AuditedLog } from "./auditLog.ts";
import type { CheckpointRow, LedgerSnapshot, RowsSnapshot } from "./ledgerSnapshot.ts";
import { DisagreementError } from "./disagreement.ts";
import type { Journal } from "./journal.ts";
import { MAX_FEE_BPS } from "./limits.ts";
import { type CutWindow, rootOf, rowsByCheckpoint } from "./settlement.ts";

/** The range of micro-credits that a party's row may have at a cut. */
interface Bounds {
  min: bigint;
  max: bigint;
}

/**
 * Checks every checkpoint against its rows, the invariants I1 to I3 and the log. Debits
 * acknowledged before the cut must be in it, later ones must not. No void returns what a checkpoint
 * that was not dropped, or a receipt, contains.
 */
export function auditCheckpoints(
  snapshot: LedgerSnapshot,
  { debits }: AuditedLog,
  journal: Journal,
  { cuts, places }: { cuts: readonly CutWindow[]; places: readonly Address[] },
): void {
  const rows = rowsByCheckpoint(snapshot.checkpoints, snapshot.rows);
  const windows = new Map(cuts.map((cut) => [cut.id, cut]));
  const accounts = new Map(snapshot.accounts.map((account) => [account.address, account]));
  const purchased = snapshot.accounts.reduce((sum, account) => sum + account.purchased, 0n);
  let previous: CheckpointRow | null = null;

  for (const checkpoint of snapshot.checkpoints) {
    const { id } = checkpoint;
    const now = rows.get(id) ?? new Map<Address, Row>();
    const before = (previous === null ? undefined : rows.get(previous.id)) ?? new Map();
    assertInvariants(checkpoint, { now, before, purchased });
    const root = rootOf(now, places);
    if (root !== checkpoint.root) {
      throw new DisagreementError("a root does not match its rows", { checkpoint, root });
    }
    if (previous !== null && checkpoint.epoch !== previous.epoch + 1n) {
      throw new DisagreementError("epochs are not consecutive", { previous, checkpoint });
    }
    const cutWindow = windows.get(id);
    if (cutWindow !== undefined) assertRowsMatchLog(checkpoint, now, cutWindow);
    if (!checkpoint.dropped) assertReceiptsPaid(checkpoint, now, journal.receipts);
    if (!checkpoint.dropped) previous = checkpoint;
  }

  for (const row of (previous === null ? undefined : rows.get(previous.id))?.values() ?? []) {
    const account = accounts.get(row.party);
    if (row.spent > (account?.spent ?? 0n) || row.refunded > (account?.refunded ?? 0n)) {
      throw new DisagreementError("credits in a checkpoint were returned", { row, account });
    }
  }

  function assertRowsMatchLog(
    checkpoint: CheckpointRow,
    now: ReadonlyMap<Address, Row>,
    { from }: CutWindow,
  ): void {
    const spent = new Map<Address, Bounds>();
    const earned = new Map<Address, Bounds>();
    for (const [key, parts] of debits) {
      const [first] = parts;
      if (first === undefined || first.recorded_at > checkpoint.cut_at) continue;
      const voidedAt = snapshot.voids.get(key)?.at;
      const voids = journal.voids.get(key) ?? [];
      const isVoidedBefore = voids.some(
        ({ result, until }) => (result === "voided" || result === "repeated") && until < from,
      );
      const mayBeVoided = voidedAt !== undefined && voidedAt <= checkpoint.cut_at;
      const reports = journal.events.get(key) ?? [];
      const isAcknowledged = reports.some(
        ({ answer, until }) => "costMicros" in answer && until < from,
      );
      if (
        isAcknowledged &&
        voidedAt !== undefined &&
        voidedAt > checkpoint.cut_at &&
        !checkpoint.dropped
      ) {
        const evidence = { key, parts, checkpoint };
        throw new DisagreementError("an event in a checkpoint was voided", evidence);
      }
      for (const { account, provider, amount, fee } of parts) {
        // Events in a checkpoint that was not dropped are never voided, so it contains no voided
        // event.
        const isNeverCounted = isVoidedBefore || (voidedAt !== undefined && !checkpoint.dropped);
        const max = isNeverCounted ? 0n : 1n;
        const min = isAcknowledged && !mayBeVoided ? 1n : 0n;
        widen(spent, account, min * amount, max * amount);
        widen(earned, provider, min * (amount - fee), max * (amount - fee));
      }
    }
    for (const { account, payer, amount, at } of snapshot.writeOffs) {
      if (at > checkpoint.cut_at) continue;
      widen(spent, account, -amount, -amount);
      widen(spent, payer, amount, amount);
    }
    for (const row of now.values()) {
      const bounds = { spent: spent.get(row.party), earned: earned.get(row.party) };
      if (!isWithin(row.spent, bounds.spent) || !isWithin(row.earned, bounds.earned)) {
        const evidence = { checkpoint, row, bounds };
        throw new DisagreementError("a row differs from the log up to its cut", evidence);
      }
    }
    const missing = [...spent].filter(([party, { min }]) => min > 0n && !now.has(party));
    if (missing.length > 0)
      throw new DisagreementError("a row is missing", { checkpoint, missing });
  }
}

/**
 * Checks that a checkpoint pays all receipts of its epoch and before. A dropped one may be older
 * than the receipt.
 */
function assertReceiptsPaid(
  checkpoint: CheckpointRow,
  now: ReadonlyMap<Address, Row>,
  receipts: Journal["receipts"],
): void {
  const unpaid = receipts.find(
    ({ provider, earned, epoch }) =>
      epoch <= checkpoint.epoch && (now.get(provider)?.earned ?? 0n) < earned,
  );
  if (unpaid !== undefined)
    throw new DisagreementError("a receipt is not paid", { checkpoint, unpaid });
}

function widen(all: Map<Address, Bounds>, party: Address, min: bigint, max: bigint): void {
  const bounds = all.get(party) ?? { min: 0n, max: 0n };
  all.set(party, { min: bounds.min + min, max: bounds.max + max });
}

function isWithin(amount: bigint, { min, max }: Bounds = { min: 0n, max: 0n }): boolean {
  return min <= amount && amount <= max;
}

function assertInvariants(
  checkpoint: CheckpointRow,
  {
    now,
    before,
    purchased,
  }: { now: ReadonlyMap<Address, Row>; before: ReadonlyMap<Address, Row>; purchased: bigint },
): void {
  const totals = { spent: 0n, refunded: 0n, earned: 0n };
  for (const row of now.values()) {
    totals.spent += row.spent;
    totals.refunded += row.refunded;
    totals.earned += row.earned;
    const earlier = before.get(row.party);
    if (earlier === undefined) continue;
    if (
      row.spent < earlier.spent ||
      row.refunded < earlier.refunded ||
      row.earned < earlier.earned
    ) {
      throw new DisagreementError("I3: a row decreases", { checkpoint, row, earlier });
    }
  }
  const { spent, refunded, earned } = totals;
  const isTotal =
    spent === checkpoint.spent && refunded === checkpoint.refunded && earned === checkpoint.earned;
  const fee = spent - earned;
  const isSound =
    fee >= 0n && fee * 10_000n <= spent * MAX_FEE_BPS && spent + refunded <= purchased;
  if (!isTotal || !isSound) {
    throw new DisagreementError("I2: the totals do not hold", { checkpoint, totals, purchased });
  }
}

/**
 * Checks a checkpoint that was cut while no operation was running: it must equal accounts and
 * earnings.
 */
export function auditQuietCheckpoint(snapshot: RowsSnapshot, { id }: { id: bigint }): void {
  const now =
    rowsByCheckpoint(snapshot.checkpoints, snapshot.rows).get(id) ?? new Map<Address, Row>();
  const earned = new Map<Address, bigint>();
  for (const { provider, earned: amount } of snapshot.earnings) {
    earned.set(provider, (earned.get(provider) ?? 0n) + amount);
  }
  const spent = new Map(snapshot.accounts.map((account) => [account.address, account]));
  for (const party of new Set([...earned.keys(), ...spent.keys()])) {
    const row = now.get(party);
    const expected = {
      spent: spent.get(party)?.spent ?? 0n,
      refunded: spent.get(party)?.refunded ?? 0n,
      earned: earned.get(party) ?? 0n,
    };
    const matches =
      (row?.spent ?? 0n) === expected.spent &&
      (row?.refunded ?? 0n) === expected.refunded &&
      (row?.earned ?? 0n) === expected.earned;
    if (!matches)
      throw new DisagreementError("a quiet checkpoint differs from the database", {
        row,
        expected,
      });
  }
}
