import type { UsageOutcome } from "../domain/usage/outcome.ts";
import type { UsageEvent } from "../domain/usage/usageEvent.ts";

export interface UsageLedger {
  /**
   * Debits a batch in one transaction. One outcome for each event, in their order; an event that is refused does not
   * stop the others. What is acknowledged is committed.
   */
  record(events: readonly UsageEvent[]): Promise<readonly UsageOutcome[]>;
}
