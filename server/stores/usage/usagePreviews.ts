import type { Address } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import { type UsageRules, decideDebits } from "@compute-credits/rules/usage/decideDebits";
import { readClock } from "@compute-credits/platform/postgres/clock";
import type { Database } from "@compute-credits/platform/postgres/database";
import type { PriceReader } from "../pricing/priceReader.ts";
import { createAccessCache } from "./accessCache.ts";
import { readSnapshot } from "./answerUnchanged.ts";
import { explainOutcomes } from "./explainRefusals.ts";

/** Work that a provider may do for a spender. */
export interface PlannedWork {
  readonly meter: string;
  /** units of the meter */
  readonly quantity: bigint;
  readonly dimensions: Readonly<Record<string, string>>;
  /** `null` for now */
  readonly occurredAt: Date | null;
}

export interface PreviewQuery {
  readonly provider: Address;
  readonly spender: SpenderId;
  readonly work: readonly PlannedWork[];
}

export interface UsagePreview {
  /** the database's time of the snapshot */
  readonly asOf: Date;
  /** one for each piece of work, in order */
  readonly outcomes: readonly UsageOutcome[];
}

export interface UsagePreviews {
  /**
   * Tells what `UsageLedger.record` would do with the work as new events of one batch, in order.
   * Charges nothing and takes no lock, so others may spend the same credits before the report.
   */
  preview(query: PreviewQuery): Promise<UsagePreview>;
}

/** Previews by the ledger's own decision. `reads` is the pool of reads. */
export function createUsagePreviews(
  reads: Database,
  rules: UsageRules,
  priceReader: PriceReader,
): UsagePreviews {
  return {
    preview: ({ provider, spender, work }) =>
      reads.transaction(
        async (tx) => {
          const asOf = await readClock(tx);
          const events = work.map(({ occurredAt, ...measurement }, index) => ({
            ...measurement,
            occurredAt: occurredAt ?? asOf,
            provider,
            spender,
            id: `${index}`,
          }));
          // Not the cache of debits: a request of a stranger must not fill it.
          const deps = { access: createAccessCache(), priceReader };
          const state = await readSnapshot(tx, deps, { events, asOfRevocations: undefined });
          // All are new: an id in the log is not that of planned work.
          const decision = decideDebits(events, { ...state, known: new Map() }, rules);
          return { asOf, outcomes: await explainOutcomes(tx, events, decision.outcomes) };
        },
        { isolation: "repeatable read", nestedLoopPlan: true },
      ),
  };
}
