import type { Address, Hex } from "viem";

/** What is wrong with what a server says. Stable: programs branch on it; docs/findings.md says what each means. */
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
  // what lets somebody charge
  | "unknown_allowance"
  | "forged_allowance"
  | "forged_revocation"
  | "forged_access"
  | "access_not_granted"
  | "allowance_out_of_scope"
  | "allowance_revoked"
  | "allowance_expired"
  | "allowance_not_started"
  | "allowance_exhausted"
  | "campaign_exhausted"
  | "campaign_revoked"
  | "account_cap_reached"
  | "insufficient_credits"
  // holds and voids
  | "hold_doubled"
  | "hold_not_found"
  | "hold_over"
  | "hold_ended_early"
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
  | "wrong_refund"
  | "refund_held_back"
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

export interface EventName {
  readonly provider: Address;
  readonly id: string;
}

/** One lie, or one bug: who is wronged, by which event, and by how much. */
export interface Finding {
  readonly kind: FindingKind;
  /** whose number is wrong: who pays too much, or is paid too little */
  readonly party: Address | null;
  readonly event: EventName | null;
  readonly allowance?: Hex;
  /** as the auditor makes it out of what was signed and published */
  readonly expected: string | null;
  /** as the server has it */
  readonly actual: string | null;
  /** actual less expected, in micro-credits; `null` where no amount is at stake by itself */
  readonly differenceMicros: bigint | null;
  readonly text: string;
}

export function textOfEvent({ provider, id }: EventName): string {
  return `event ${id} of ${provider}`;
}

/** "3 too many", "3 too few". */
export function textOfDifference(differenceMicros: bigint): string {
  return differenceMicros < 0n ? `${-differenceMicros} too few` : `${differenceMicros} too many`;
}
