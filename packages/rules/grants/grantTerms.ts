import type { Scope } from "@compute-credits/protocol/messages/allowance";

/** The terms that the issuer chooses for a grant. A `null` field takes the campaign's value. */
export interface GrantTerms {
  /** micro-credits per period; in total if `period` is 0 */
  readonly limit: bigint;
  readonly period: bigint;
  readonly rollover: bigint;
  /** seconds since 1970 */
  readonly startsAt: bigint | null;
  /** seconds since 1970; 0 = the campaign's expiry */
  readonly expiresAt: bigint | null;
  readonly priority: number | null;
  readonly scope: Scope | null;
}
