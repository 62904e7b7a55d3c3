import type { Address } from "viem";

import type { Row } from "@compute-credits/protocol/tree/row";
import type { AuditedLog } from "./auditLog.ts";
import type { LedgerSnapshot, CheckpointRow } from "./ledgerSnapshot.ts";
import { Disagreement } from "./disagreement.ts";
import type { Journal } from "./journal.ts";
import { MAX_FEE_BPS } from "./limits.ts";
import { type CutMade, rootOf, rowsUpTo } from "./settlement.ts";

/** What a party can have had at a cut: not less than `least`, not more than `most`. */
interface Bounds {
  least: bigint;
  most: bigint;
}

/**
 * Every checkpoint: its totals are its rows', I1 to I3 hold, and each row is the log up to some moment of the cut. What was
 * acknowledged before the cut was asked for must be in it, what was recorded after it must not; a void gives back nothing
 * that a standing checkpoint holds, and nothing that a receipt counts.
 */
export function auditCheckpoints(
  snapshot: LedgerSnapshot,
  { debits }: AuditedLog,
  journal: Journal,
  { cuts, places }: { cuts: readonly CutMade[]; places: readonly Address[] },
): void {
  const rows = rowsUpTo(snapshot.checkpoints, snapshot.rows);
  const windows = new Map(cuts.map((cut) => [cut.id, cut]));
  const accounts = new Map(snapshot.accounts.map((account) => [account.address, account]));
  const purchased = snapshot.accounts.reduce((sum, account) => sum + account.purchased, 0n);
  let standing: CheckpointRow | null = null;

  for (const checkpoint of snapshot.checkpoints) {
    const { id } = checkpoint;
    const now = rows.get(id) ?? new Map<Address, Row>();
    const before = (standing === null ? undefined : rows.get(standing.id)) ?? new Map();
    mustHold(checkpoint, { now, before, purchased });
    const root = rootOf(now, places);
    if (root !== checkpoint.root)
      throw new Disagreement("a root of other rows", { checkpoint, root });
    if (standing !== null && checkpoint.epoch !== standing.epoch + 1n) {
      throw new Disagreement("epochs do not follow", { standing, checkpoint });
    }
    const window = windows.get(id);
    if (window !== undefined) mustEqualTheLog(checkpoint, now, window);
    if (!checkpoint.dropped) mustPay(checkpoint, now, journal.receipts);
    if (!checkpoint.dropped) standing = checkpoint;
  }

  for (const row of (standing === null ? undefined : rows.get(standing.id))?.values() ?? []) {
    const account = accounts.get(row.party);
    if (row.spent > (account?.spent ?? 0n) || row.refunded > (account?.refunded ?? 0n)) {
      throw new Disagreement("what a checkpoint holds was given back", { row, account });
    }
  }

  function mustEqualTheLog(
    checkpoint: CheckpointRow,
    now: ReadonlyMap<Address, Row>,
    { from }: CutMade,
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
      const reports = journal.reports.get(key) ?? [];
      const isSure = reports.some(({ answer, until }) => "costMicros" in answer && until < from);
      if (isSure && voidedAt !== undefined && voidedAt > checkpoint.cut_at && !checkpoint.dropped) {
        throw new Disagreement("a void of what a checkpoint holds", { key, parts, checkpoint });
      }
      for (const { account, provider, amount, fee } of parts) {
        // What a standing checkpoint holds is never voided: so what was voided, ever, is in none.
        const isOut = isVoidedBefore || (voidedAt !== undefined && !checkpoint.dropped);
        const most = isOut ? 0n : 1n;
        const least = isSure && !mayBeVoided ? 1n : 0n;
        widen(spent, account, least * amount, most * amount);
        widen(earned, provider, least * (amount - fee), most * (amount - fee));
      }
    }
    for (const row of now.values()) {
      const bounds = { spent: spent.get(row.party), earned: earned.get(row.party) };
      if (!isWithin(row.spent, bounds.spent) || !isWithin(row.earned, bounds.earned)) {
        throw new Disagreement("a row is not the log up to its cut", { checkpoint, row, bounds });
      }
    }
    const missing = [...spent].filter(([party, { least }]) => least > 0n && !now.has(party));
    if (missing.length > 0) throw new Disagreement("a row is missing", { checkpoint, missing });
  }
}

/** A receipt is kept by every checkpoint from its epoch on; one that was dropped may have been cut before it was given. */
function mustPay(
  checkpoint: CheckpointRow,
  now: ReadonlyMap<Address, Row>,
  receipts: Journal["receipts"],
): void {
  const unpaid = receipts.find(
    ({ provider, earned, epoch }) =>
      epoch <= checkpoint.epoch && (now.get(provider)?.earned ?? 0n) < earned,
  );
  if (unpaid !== undefined) throw new Disagreement("a receipt is not paid", { checkpoint, unpaid });
}

function widen(all: Map<Address, Bounds>, party: Address, least: bigint, most: bigint): void {
  const bounds = all.get(party) ?? { least: 0n, most: 0n };
  all.set(party, { least: bounds.least + least, most: bounds.most + most });
}

function isWithin(amount: bigint, { least, most }: Bounds = { least: 0n, most: 0n }): boolean {
  return least <= amount && amount <= most;
}

function mustHold(
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
    const old = before.get(row.party);
    if (old === undefined) continue;
    if (row.spent < old.spent || row.refunded < old.refunded || row.earned < old.earned) {
      throw new Disagreement("I3: a row falls", { checkpoint, row, old });
    }
  }
  const { spent, refunded, earned } = totals;
  const isTotal =
    spent === checkpoint.spent && refunded === checkpoint.refunded && earned === checkpoint.earned;
  const fee = spent - earned;
  const isSound =
    fee >= 0n && fee * 10_000n <= spent * MAX_FEE_BPS && spent + refunded <= purchased;
  if (!isTotal || !isSound) {
    throw new Disagreement("I2: the totals do not hold", { checkpoint, totals, purchased });
  }
}

/** While nothing is under way, a checkpoint that is cut now is exactly the accounts and the earnings. */
export function auditQuietCheckpoint(snapshot: LedgerSnapshot, { id }: { id: bigint }): void {
  const now = rowsUpTo(snapshot.checkpoints, snapshot.rows).get(id) ?? new Map<Address, Row>();
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
    const isRight =
      (row?.spent ?? 0n) === expected.spent &&
      (row?.refunded ?? 0n) === expected.refunded &&
      (row?.earned ?? 0n) === expected.earned;
    if (!isRight)
      throw new Disagreement("a quiet checkpoint is not the snapshot", { row, expected });
  }
}
