import type { PriceRefusal } from "../pricing/price.ts";
import type { Charge } from "../spending/findCharges.ts";
import type { Shortage, UsabilityRefusal } from "../spending/spendingDraft.ts";

export interface Debited {
  readonly result: "debited";
  readonly costMicros: bigint;
  readonly rateCardVersion: number;
  readonly charges: readonly Charge[];
  readonly recordedAt: Date;
  /** the event was debited before: this is its first outcome, and nothing was charged now */
  readonly repeated: boolean;
}

export interface Refused {
  readonly result: "refused";
  readonly refusal: UsageRefusal;
}

export type UsageOutcome = Debited | Refused;

/**
 * The reason for a refusal. It changes nothing and leaves the id free, so the event may be resent.
 */
export type UsageRefusal =
  | { readonly reason: PriceRefusal }
  | UsabilityRefusal
  | { readonly reason: "event_id_conflict" }
  /** another event of its group is refused; `id` names it */
  | { readonly reason: "group_refused"; readonly id: string }
  | { readonly reason: "vault_frozen" }
  | { readonly reason: "event_too_old" | "event_in_future"; readonly limitSeconds: number }
  | Shortage;
