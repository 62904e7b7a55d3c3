import type { Address } from "viem";

import type { Hold } from "@compute-credits/rules/holds/hold";
import type { HoldRefusal, HoldRequest } from "@compute-credits/rules/holds/authorize";
import type { ResolveRefusal } from "@compute-credits/rules/holds/resolve";
import type { Debited } from "@compute-credits/rules/usage/outcome";

export interface HoldKey {
  readonly provider: Address;
  readonly id: string;
}

export interface CaptureRequest extends HoldKey {
  /** of the usage event that the capture is: unique by provider, as every event's */
  readonly eventId: string;
  readonly quantity: bigint;
  /** returns what is left and ends the hold */
  readonly final: boolean;
}

type NotFound = { readonly reason: "hold_not_found" };

export type AuthorizeOutcome =
  | { readonly result: "held"; readonly hold: Hold; readonly repeated: boolean }
  | { readonly result: "refused"; readonly refusal: HoldRefusal };

export type CaptureOutcome =
  | { readonly result: "captured"; readonly hold: Hold; readonly debit: Debited }
  | {
      readonly result: "refused";
      readonly refusal:
        ResolveRefusal | NotFound | { readonly reason: "event_id_conflict" | "vault_frozen" };
    };

export type ReleaseOutcome =
  | { readonly result: "released"; readonly hold: Hold }
  | { readonly result: "refused"; readonly refusal: ResolveRefusal | NotFound };

/** Every change is one transaction; a hold is resolved once, and a second try is told how. */
export interface HoldStore {
  /** Sets the credits aside, or takes nothing. The same request again gives the same hold. */
  authorize(request: HoldRequest): Promise<AuthorizeOutcome>;
  /** Charges at the pinned rate, up to what is held. The same capture again gives the first outcome. */
  capture(request: CaptureRequest): Promise<CaptureOutcome>;
  release(key: HoldKey): Promise<ReleaseOutcome>;
  find(key: HoldKey): Promise<Hold | null>;
  /** Returns the credits of holds that are over by the database's clock; says how many it found, at most `limit`. */
  expireDue(limit: number): Promise<number>;
  /** When the next of an account's holds ends by itself, in seconds from now, rounded up; `null` without any. */
  secondsToNextExpiry(account: Address): Promise<number | null>;
}
