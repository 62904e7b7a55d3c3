import type { Address, Hex } from "viem";

/** The kind of a finding. Stable: programs branch on it. docs/findings.md explains each kind. */
export type FindingKind =
  // an event
  | "event_doubled"
  | "event_dropped"
  | "event_changed"
  | "wrong_rate_card"
  | "wrong_price"
  | "wrong_price_basis"
  | "wrong_fee"
  | "wrong_payer"
  | "backdated"
  // allowances and access
  | "unknown_allowance"
  | "forged_allowance"
  | "forged_revocation"
  | "forged_access"
  | "forged_acceptance"
  | "account_not_accepted"
  | "access_not_granted"
  | "allowance_out_of_scope"
  | "allowance_revoked"
  | "allowance_expired"
  | "allowance_not_started"
  | "allowance_exhausted"
  | "campaign_exhausted"
  | "campaign_revoked"
  | "account_cap_reached"
  | "cap_not_recorded"
  | "insufficient_credits"
  // holds and voids
  | "hold_doubled"
  | "hold_not_found"
  | "hold_over"
  | "hold_ended_early"
  | "hold_extended"
  | "wrong_pinned_rate"
  | "void_of_nothing"
  | "voided_twice"
  | "voided_after_settlement"
  | "wrong_void"
  // receipts of earnings
  | "receipt_not_paid"
  | "receipt_dropped"
  | "receipt_changed"
  | "voided_after_receipt"
  // prices
  | "card_changed"
  | "wrong_multiplier"
  // the chain
  | "chain_event_ignored"
  | "unknown_chain_event"
  | "wrong_refund"
  | "refund_held_back"
  | "wrong_write_off"
  // the table
  | "wrong_row"
  | "place_moved"
  | "wrong_root"
  | "wrong_data_hash"
  | "wrong_totals"
  | "invariant_broken"
  | "wrong_epoch"
  | "wrong_previous_root"
  | "wrong_as_of"
  | "signed_another";

/** Identifies a usage event, or a hold. */
export interface EventId {
  readonly provider: Address;
  readonly id: string;
}

/** One difference between the server's data and the auditor's: a lie or a bug. */
export interface Finding {
  readonly kind: FindingKind;
  /** the party whose amount is wrong */
  readonly party: Address | null;
  readonly event: EventId | null;
  readonly allowance?: Hex;
  /** as the auditor computes it from signatures, the log and the chain */
  readonly expected: string | null;
  /** as the server published it */
  readonly actual: string | null;
  /** actual − expected, in micro-credits; `null` if the finding concerns no amount */
  readonly differenceMicros: bigint | null;
  /** the finding in words, for people */
  readonly text: string;
}

export function describeEvent({ provider, id }: EventId): string {
  return `event ${id} of ${provider}`;
}

/** "3 too many", "3 too few". */
export function describeDifference(differenceMicros: bigint): string {
  return differenceMicros < 0n ? `${-differenceMicros} too few` : `${differenceMicros} too many`;
}
