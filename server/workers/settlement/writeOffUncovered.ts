import type { Address } from "viem";

import type { Terms } from "@compute-credits/platform/chain/chainReader";
import type { UncoveredSpending, WriteOffStore } from "../../stores/settlement/writeOffStore.ts";
import type { UsageLedger } from "../../stores/usage/usageLedger.ts";
import type { SettlerEvents } from "./settlerEvents.ts";

export interface WritingOffDeps {
  readonly writeOffs: WriteOffStore;
  readonly usage: Pick<UsageLedger, "void">;
  /** the operator's account; `null` if it named none */
  readonly writeOffAccount: Address | null;
  readonly terms: Pick<Terms, "counterGraceSeconds">;
  readonly events: Pick<SettlerEvents, "writtenOff" | "voidedUncovered">;
}

/** Bounds the voids of one cut. The next cut goes on. */
const ACCOUNTS_PER_CUT = 20;
const EVENTS_PER_ACCOUNT = 1_000;

/**
 * Takes spending that no challenge to it could be answered for out of the next rows: the operator's
 * account takes it over. What that account cannot pay is voided, as far as no receipt counts it.
 * Returns what is left.
 */
export async function writeOffUncovered(
  deps: WritingOffDeps,
): Promise<readonly UncoveredSpending[]> {
  const { writeOffs, writeOffAccount, terms, events } = deps;
  const { writtenOff, left } = await writeOffs.writeOff(writeOffAccount, terms);
  for (const spending of writtenOff) events.writtenOff(spending);

  const still: UncoveredSpending[] = [];
  for (const [index, spending] of left.entries()) {
    const freed =
      // oxlint-disable-next-line no-await-in-loop -- rare, and each void takes locks
      index < ACCOUNTS_PER_CUT ? await voidUncovered(deps, spending) : 0n;
    const uncoveredMicros = spending.uncoveredMicros - freed;
    if (uncoveredMicros > 0n) still.push({ ...spending, uncoveredMicros });
  }
  return still;
}

/** Voids the account's newest events until its row is covered. Returns what came free. */
async function voidUncovered(
  { writeOffs, usage, events }: WritingOffDeps,
  spending: UncoveredSpending,
): Promise<bigint> {
  let freed = 0n;
  let count = 0;
  for (const event of await writeOffs.voidableEvents(spending.account, EVENTS_PER_ACCOUNT)) {
    if (freed >= spending.uncoveredMicros) break;
    // oxlint-disable-next-line no-await-in-loop -- the next one may not be needed
    const outcome = await usage.void(event);
    if (outcome.result !== "voided") continue;
    freed += event.amountMicros;
    count++;
  }
  if (count > 0) events.voidedUncovered(spending, count);
  return freed;
}
