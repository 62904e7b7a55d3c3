import type { Reason } from "./reasons.ts";

/** Why work has no price. */
export const PRICE_REFUSALS = [
  "no_rate_card_in_force",
  "unknown_meter",
  "no_matching_rate",
  "quantity_too_large",
] as const satisfies readonly Reason[];

/** Why work is not charged, or not held: it has no price, or its spender cannot pay. */
export const CHARGE_REFUSALS = [
  ...PRICE_REFUSALS,
  "allowance_not_found",
  "account_not_accepted",
  "access_not_granted",
  "allowance_out_of_scope",
  "allowance_revoked",
  "campaign_revoked",
  "allowance_expired",
  "allowance_not_started",
  "insufficient_credits",
  "allowance_exhausted",
  "campaign_exhausted",
  "account_cap_reached",
  "cap_not_recorded",
  "vault_frozen",
] as const satisfies readonly Reason[];
