import type { Scope } from "@compute-credits/protocol/messages/allowance";

/** What the issuer decides about a grant; what is `null` is as its campaign has it. */
export interface GrantTerms {
  /** micro-credits, per period where there is one */
  readonly limit: bigint;
  readonly period: bigint;
  readonly rollover: bigint;
  /** seconds since 1970 */
  readonly startsAt: bigint | null;
  /** seconds since 1970; 0 = as long as the campaign */
  readonly expiresAt: bigint | null;
  readonly priority: number | null;
  readonly scope: Scope | null;
}
