import type { Address } from "viem";

import type { Hold } from "@compute-credits/rules/holds/hold";
import type { HoldRequest } from "@compute-credits/rules/holds/authorize";
import type {
  AuthorizeOutcome,
  CaptureOutcome,
  ExtendOutcome,
  ReleaseOutcome,
} from "@compute-credits/rules/holds/outcome";
import type { CaptureRequest, ExtendRequest, HoldKey } from "@compute-credits/rules/holds/requests";

/**
 * Requests that arrive together share a transaction; each is done in full or refused, whatever
 * happens to the others. A hold is resolved once; a second attempt is refused with the resolution.
 * If `asOfRevocations` is out of date, each rejects with `StaleAccessError` and changes nothing.
 */
export interface HoldStore {
  /** Sets the credits aside, all or nothing. Repeating the request returns the same hold. */
  authorize(request: HoldRequest, asOfRevocations?: bigint): Promise<AuthorizeOutcome>;
  /**
   * Charges at the pinned rates, up to the held amounts, all lines or none. Repeating the capture
   * returns the first outcome.
   */
  capture(request: CaptureRequest, asOfRevocations?: bigint): Promise<CaptureOutcome>;
  /**
   * Adds time, units at the rates of now, or both; all of it or nothing. Repeating an extension
   * changes nothing. Refused once an account that holds credits ready wants a refund, or one of the
   * allowances may no longer pay.
   */
  extend(request: ExtendRequest, asOfRevocations?: bigint): Promise<ExtendOutcome>;
  /** Ends the hold and returns the remaining credits. */
  release(key: HoldKey, asOfRevocations?: bigint): Promise<ReleaseOutcome>;
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
