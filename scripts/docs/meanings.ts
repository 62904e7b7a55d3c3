import type { DataFault } from "@compute-credits/protocol/data/malformedData";
import type { CardError } from "@compute-credits/rules/pricing/findCardErrors";
import type { FindingKind } from "../../auditor/replay/finding.ts";

/** Exhaustive, like the tables below: a reason without a meaning does not compile. */
export const DATA_FAULTS: Readonly<Record<DataFault, string>> = {
  unknown_format: "The first eight bytes name no known format.",
  cut_off: "The file ends too early.",
  trailing_bytes: "Bytes follow the last row or entry.",
  no_rows: "The table has no row, or would shrink.",
  section_mismatch: "A section's rows do not have the hash in the head.",
  party_missing: "A row has the zero address.",
  party_twice: "Two rows have the same party.",
  amount_too_large: "An amount exceeds 2^63 − 1.",
  other_base: "The difference starts from another table.",
  places_out_of_order: "The places do not ascend.",
  place_missing: "A new place has no entry.",
  party_moved: "An entry at an old place has another party.",
  row_unchanged: "An entry repeats the row that is there.",
  data_hash_mismatch: "The result does not have the later `dataHash`.",
};

export const CARD_ERRORS: Readonly<Record<CardError["reason"], string>> = {
  ambiguous_rates: "One event could match two equally specific rates.",
  tiers_not_ascending: "A tier's `upTo` is not above the one before.",
  last_tier_bounded: "The last tier's `upTo` is not `null`.",
  bounds_reversed: "`minBps` is more than `maxBps`.",
  start_out_of_bounds: "`startBps` is not between `minBps` and `maxBps`.",
};

const EVENTS = {
  event_doubled: "The event is charged twice.",
  event_dropped: "An event that the auditor saw is gone.",
  event_changed: "An event that the auditor saw is different now.",
  backdated: "The event is dated before a checkpoint that lacks it.",
  wrong_rate_card: "Another rate card was in force.",
  wrong_price: "The amount is not the price, or exceeds its hold.",
  wrong_price_basis: "The price names another tier, multiplier or hold.",
  wrong_fee: "The provider's part is not what the announced fee leaves.",
  wrong_payer: "Another allowance was first in the order of spending.",
};

const PERMISSIONS = {
  unknown_allowance: "The log has no allowance that paid.",
  forged_allowance: "The owner did not sign it, or its campaign forbids it.",
  forged_revocation: "The owner did not sign the revocation.",
  forged_access: "The spender did not sign the end of access.",
  forged_acceptance: "The spending wallet did not say so in a new message.",
  account_not_accepted: "The spender had not accepted the account that paid.",
  access_not_granted: "The spender never gave this provider access.",
  allowance_out_of_scope: "The scope excludes this provider or meter.",
  allowance_revoked: "The allowance was revoked, or its counter is stale.",
  allowance_expired: "The allowance had expired.",
  allowance_not_started: "The allowance had not started.",
  allowance_exhausted: "The charge exceeds the allowance's period.",
  campaign_exhausted: "The charge exceeds the campaign's period.",
  campaign_revoked: "The campaign was revoked.",
  account_cap_reached: "The charge exceeds the signed `accountCap`.",
  cap_not_recorded: "The court has no such cap of the wallet on record.",
  insufficient_credits: "The charge exceeds what the account has.",
};

const HOLDS = {
  hold_doubled: "The hold is opened twice.",
  hold_not_found: "The log has no such hold.",
  hold_over: "The capture comes after the hold's end.",
  hold_ended_early: "The hold expired before its time.",
  hold_extended: "The hold got more time or units than it may.",
  wrong_pinned_rate: "The hold pins another price than the right one.",
  void_of_nothing: "The voided event is not in the log.",
  voided_twice: "The event was voided before.",
  voided_after_settlement: "A checkpoint holds the voided event.",
  voided_after_receipt: "A receipt counts the voided event.",
  wrong_void: "The void gives back another amount than was charged.",
};

const PROMISES = {
  wrong_write_off: "Covered spending was written off, or the wrong account pays.",
  receipt_not_paid: "The checkpoint pays less than a receipt promises.",
  receipt_dropped: "A receipt that the auditor saw is gone.",
  receipt_changed: "A receipt that the auditor saw is different now.",
  card_changed: "A published rate card is different now.",
  wrong_multiplier: "A step of a dynamic rate breaks its rule.",
};

const CHAIN = {
  chain_event_ignored: "The server ignored a purchase, refund request or counter.",
  unknown_chain_event: "The server recorded an event that the auditor lacks.",
  wrong_refund: "The refund is not what was set aside.",
  refund_held_back: "A refund that was due is not in the checkpoint.",
};

const TABLE = {
  wrong_row: "A row is not what the log leads to.",
  place_moved: "A party is at another place.",
  wrong_root: "The root is not that of the rows.",
  wrong_data_hash: "The `dataHash` is not that of the rows.",
  wrong_totals: "The totals are not the sums of the rows.",
  invariant_broken: "I1, I2, I3 or the bound of the fee is broken.",
  wrong_epoch: "The epoch does not follow the last one.",
  wrong_previous_root: "The checkpoint follows another root.",
  wrong_as_of: "`asOf` goes back, or lies too far behind.",
  signed_another: "This auditor signed another root for the epoch.",
};

/** The kinds by topic, as docs/findings.md has them. */
export const FINDINGS = {
  events: EVENTS,
  permissions: PERMISSIONS,
  holds: HOLDS,
  promises: PROMISES,
  chain: CHAIN,
  table: TABLE,
};

/** Does not compile if a kind has no meaning, or a meaning no kind. */
({
  ...EVENTS,
  ...PERMISSIONS,
  ...HOLDS,
  ...PROMISES,
  ...CHAIN,
  ...TABLE,
}) satisfies Readonly<Record<FindingKind, string>>;
