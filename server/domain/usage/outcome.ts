import type { Address, Hex } from "viem";

import type { AllowanceObstacle } from "../allowances/usability.ts";
import type { PriceRefusal } from "../rates/price.ts";

/** What one allowance paid of an event. */
export interface Charge {
  readonly account: Address;
  readonly allowance: Hex;
  readonly amountMicros: bigint;
}

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
  | { readonly reason: AllowanceObstacle | "allowance_not_found" }
  | { readonly reason: "event_id_conflict" }
  | { readonly reason: "event_too_old" | "event_in_future"; readonly limitSeconds: number }
  | ({ readonly reason: CreditShortage } & Shortage);

/** Which limit a charge ran into. */
export type CreditShortage = "insufficient_credits" | "allowance_exhausted" | "account_cap_reached";

export interface Shortage {
  /** the account that would have paid first */
  readonly account: Address;
  readonly availableMicros: bigint;
  readonly neededMicros: bigint;
}
