import type { Address } from "viem";

import { DisagreementError } from "./disagreement.ts";
import type { Journal } from "./journal.ts";
import type { LedgerSnapshot } from "./ledgerSnapshot.ts";
import { COUNTER_GRACE_SECONDS } from "./limits.ts";
import { type CutWindow, rowsByCheckpoint } from "./settlement.ts";
import type { SimulatedVault } from "./vault.ts";

/**
 * Checks that a challenge to each row of a checkpoint could be answered if it was submitted when the
 * write-offs before it began: by the row of the last final table, a recorded cap, or a cap that the
 * owner signed.
 */
export function auditCoverage(
  snapshot: LedgerSnapshot,
  journal: Journal,
  vault: SimulatedVault,
  { id, coveredAt }: CutWindow,
): void {
  const rows = rowsByCheckpoint(snapshot.checkpoints, snapshot.rows);
  const final = snapshot.checkpoints.findLast((one) => one.id < id && !one.dropped);
  const before = final === undefined ? undefined : rows.get(final.id);
  const caps = Map.groupBy(
    [...journal.allowances.values()].filter(({ campaign }) => campaign === null),
    ({ message }) => message.account,
  );
  for (const row of rows.get(id)?.values() ?? []) {
    const needed = row.spent;
    if (needed <= (before?.get(row.party)?.spent ?? 0n)) continue;
    const signed = (caps.get(row.party) ?? []).map(({ message }) => message);
    const isCovered =
      signed.some(
        ({ counter, accountCap }) =>
          accountCap >= needed && isInForce(vault, row.party, counter, coveredAt),
      ) ||
      // The operator's account has a cap on record and signs nothing.
      [0n, ...signed.map(({ counter }) => counter)].some(
        (counter) =>
          vault.recordedCap(row.party, counter) >= needed &&
          isInForce(vault, row.party, counter, coveredAt),
      );
    if (!isCovered) {
      const evidence = { row, final: before?.get(row.party), signed };
      throw new DisagreementError("a row is unanswerable", evidence);
    }
  }
}

/** The court's rule, in the simulation's own words. */
function isInForce(vault: SimulatedVault, account: Address, counter: bigint, at: Date): boolean {
  const endedAt = vault.endedAt(account, counter);
  return endedAt === null || at.getTime() <= endedAt.getTime() + COUNTER_GRACE_SECONDS * 1000;
}
