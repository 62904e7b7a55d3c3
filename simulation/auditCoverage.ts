import type { Address } from "viem";

import type { Row } from "@compute-credits/protocol/tree/row";
import { DisagreementError } from "./disagreement.ts";
import type { Journal } from "./journal.ts";
import type { LedgerSnapshot } from "./ledgerSnapshot.ts";
import { COUNTER_GRACE_SECONDS } from "./limits.ts";
import { type CutWindow, rowsByCheckpoint } from "./settlement.ts";
import type { SimulatedVault } from "./vault.ts";

/** A cap that could answer a challenge: recorded on chain, or signed by a key. */
interface AnsweringCap {
  readonly counter: bigint;
  readonly capMicros: bigint;
}

type Signed = Pick<Journal, "allowances">;
type Chain = Pick<SimulatedVault, "endedCounters" | "recordedCaps">;

/**
 * Checks that a challenge to each row of these cuts could be answered if it was submitted when the
 * write-offs before it began: by the row of the last final table, a recorded cap, or a cap that a
 * key signed. A contract wallet can disown its signature, so only its recorded caps count.
 */
export function auditCoverage(
  snapshot: Pick<LedgerSnapshot, "checkpoints" | "rows">,
  journal: Signed,
  vault: Chain,
  cuts: readonly CutWindow[],
): void {
  const rows = rowsByCheckpoint(snapshot.checkpoints, snapshot.rows);
  const signed = capsSignedByKeys(journal);
  for (const cut of cuts) {
    const final = snapshot.checkpoints.findLast((one) => one.id < cut.id && !one.dropped);
    const before = final === undefined ? undefined : rows.get(final.id);
    for (const row of rows.get(cut.id)?.values() ?? []) {
      const finalRow = before?.get(row.party);
      if (row.spent <= (finalRow?.spent ?? 0n)) continue;
      // Also those of counters that the owner signed nothing for: a cap may be recorded ahead.
      const recorded = [...vault.recordedCaps(row.party)].map(([counter, capMicros]) => ({
        counter,
        capMicros,
      }));
      const endedAt = vault.endedCounters(row.party);
      const isCovered = [...recorded, ...(signed.get(row.party) ?? [])].some(
        (cap) => cap.capMicros >= row.spent && isInForce(cap, endedAt, cut),
      );
      if (isCovered) continue;
      const lastFinal = { id: final?.id, row: finalRow };
      throw unanswerable({ row, cut, lastFinal, endedAt, recorded }, journal);
    }
  }
}

function capsSignedByKeys({ allowances }: Signed): ReadonlyMap<Address, readonly AnsweringCap[]> {
  const caps = new Map<Address, AnsweringCap[]>();
  for (const { message, byContract } of allowances.values()) {
    // Grants have none: a server signs them.
    if (byContract !== false) continue;
    const ofAccount = caps.get(message.account) ?? [];
    ofAccount.push({ counter: message.counter, capMicros: message.accountCap });
    caps.set(message.account, ofAccount);
  }
  return caps;
}

/**
 * The court's rule, in the simulation's own words: the counter began before the cut ended, and was
 * in force, or in its grace, when the write-offs began.
 */
function isInForce(
  { counter }: AnsweringCap,
  endedAt: ReadonlyMap<bigint, Date>,
  { coveredAt, until }: CutWindow,
): boolean {
  const beganAt = endedAt.get(counter - 1n);
  const hasBegun = counter === 0n || (beganAt !== undefined && beganAt <= until);
  const ended = endedAt.get(counter);
  const graceMs = COUNTER_GRACE_SECONDS * 1000;
  return hasBegun && (ended === undefined || coveredAt.getTime() <= ended.getTime() + graceMs);
}

/** Shows all that the verdict depends on, and what else the account signed. */
function unanswerable(
  evidence: {
    readonly row: Row;
    readonly cut: CutWindow;
    readonly lastFinal: { readonly id: bigint | undefined; readonly row: Row | undefined };
    readonly endedAt: ReadonlyMap<bigint, Date>;
    readonly recorded: readonly AnsweringCap[];
  },
  { allowances }: Signed,
): DisagreementError {
  const signed = [...allowances.values()].flatMap(({ message, campaign, byContract }) =>
    message.account === evidence.row.party
      ? [{ counter: message.counter, accountCap: message.accountCap, campaign, byContract }]
      : [],
  );
  return new DisagreementError("a row is unanswerable", { ...evidence, signed });
}
