import type { Address } from "viem";

import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";

export type VoidOutcome =
  | {
      readonly result: "voided";
      readonly amountMicros: bigint;
      readonly voidedAt: Date;
      /** it was taken back before: nothing was given back now */
      readonly repeated: boolean;
    }
  | { readonly result: "refused"; readonly reason: "event_not_found" }
  /** a checkpoint holds it: the provider makes good with an allowance of its own */
  | { readonly result: "refused"; readonly reason: "already_settled"; readonly epoch: bigint }
  /** its provider has a signed receipt that counts it in */
  | { readonly result: "refused"; readonly reason: "receipt_given" };

export interface UsageLedger {
  /**
   * Debits a batch in one transaction. One outcome for each event, in their order; an event that is refused does not
   * stop the others. What is acknowledged is committed. With `asOfRevocations`, the count at which the reporter's key was
   * looked at: throws `StaleAccessError`, and debits nothing, where it has grown since.
   */
  record(events: readonly UsageEvent[], asOfRevocations?: bigint): Promise<readonly UsageOutcome[]>;
  /** Takes an event back: each allowance gets exactly what it paid, as long as no checkpoint holds the event. */
  void(event: { provider: Address; id: string }): Promise<VoidOutcome>;
}
