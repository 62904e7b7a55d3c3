import type { PriceRefusal } from "../pricing/price.ts";
import type { Charge, Shortage, Unusable } from "../spending/spendingDraft.ts";

export interface Debited {
  readonly result: "debited";
  readonly costMicros: bigint;
  readonly rateCardVersion: number;
  readonly charges: readonly Charge[];
  readonly recordedAt: Date;
  /** the event was known: this is the outcome of the first time, and nothing was charged now */
  readonly repeated: boolean;
}

export interface Refused {
  readonly result: "refused";
  readonly refusal: UsageRefusal;
}

export type UsageOutcome = Debited | Refused;

/** An event that is refused changes nothing and leaves its id free: it may be sent again. */
export type UsageRefusal =
  | { readonly reason: PriceRefusal }
  | Unusable
  | { readonly reason: "event_id_conflict" }
  | { readonly reason: "vault_frozen" }
  | { readonly reason: "event_too_old" | "event_in_future"; readonly limitSeconds: number }
  | Shortage;
