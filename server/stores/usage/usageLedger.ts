import type { Address } from "viem";

import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";

export type VoidOutcome =
  | {
      readonly result: "voided";
      readonly amountMicros: bigint;
      readonly voidedAt: Date;
      /** it was voided before, so this call returned no credits */
      readonly repeated: boolean;
    }
  | { readonly result: "refused"; readonly reason: "event_not_found" }
  /** a checkpoint contains it; the provider can compensate the payer with an allowance instead */
  | { readonly result: "refused"; readonly reason: "already_settled"; readonly epoch: bigint }
  /** a signed earnings receipt counts it */
  | { readonly result: "refused"; readonly reason: "receipt_given" }
  /** the operator pays for it, because its payer can no longer be charged */
  | { readonly result: "refused"; readonly reason: "written_off" };

export interface UsageLedger {
  /**
   * Debits a batch in one transaction and returns one outcome per event, in order. A refused event
   * does not stop the others. Outcomes are returned after the commit. If `asOfRevocations` is out
   * of date, throws `StaleAccessError` and debits nothing.
   */
  record(events: readonly UsageEvent[], asOfRevocations?: bigint): Promise<readonly UsageOutcome[]>;
  /**
   * Voids an event: returns to each allowance exactly what it paid. Refused once a checkpoint or a
   * receipt counts the event, or the operator has taken its cost over.
   */
  void(event: { provider: Address; id: string }): Promise<VoidOutcome>;
}
