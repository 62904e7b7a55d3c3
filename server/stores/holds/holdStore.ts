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
  /** id of the usage event that the capture records; unique per provider, like every event id */
  readonly eventId: string;
  readonly quantity: bigint;
  /** also releases the remainder and ends the hold */
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

/**
 * Each change is one transaction. A hold is resolved once; a second attempt is refused with the
 * resolution.
 */
export interface HoldStore {
  /** Sets the credits aside, all or nothing. Repeating the request returns the same hold. */
  authorize(request: HoldRequest): Promise<AuthorizeOutcome>;
  /**
   * Charges at the pinned rate, up to the held amount. Repeating the capture returns the first
   * outcome.
   */
  capture(request: CaptureRequest): Promise<CaptureOutcome>;
  /** Ends the hold and returns the remaining credits. */
  release(key: HoldKey): Promise<ReleaseOutcome>;
  find(key: HoldKey): Promise<Hold | null>;
  /**
   * Releases holds that have expired by the database's clock. Returns how many it found, at most
   * `limit`.
   */
  expireDue(limit: number): Promise<number>;
  /**
   * Returns the seconds until the account's next hold expires, rounded up; `null` without open
   * holds.
   */
  secondsToNextExpiry(account: Address): Promise<number | null>;
}
