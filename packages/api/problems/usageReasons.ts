import { reason } from "./reason.ts";

export const USAGE = {
  invalid_event: reason(
    [400],
    "One event has missing, wrong or unknown fields.",
    "Correct the fields that `errors` names.",
  ),
  event_id_conflict: reason(
    [409],
    "The provider reported another event with this id.",
    "Give each event its own id.",
  ),
  group_refused: reason(
    [422],
    "Another event of its group is refused.",
    "Correct the one that `refusedId` names; send all again.",
  ),
  event_too_old: reason(
    [422],
    "The event is older than `maxEventAgeSeconds`.",
    "It is not billable any more.",
  ),
  event_in_future: reason(
    [422],
    "The event is more than `maxEventAheadSeconds` ahead.",
    "Set your clock.",
  ),
  event_not_found: reason(
    [404],
    "The provider has no debited event with this id.",
    "Check the id.",
  ),
  already_settled: reason(
    [409],
    "A checkpoint holds the event.",
    "Repay with an allowance of your own.",
  ),
  receipt_given: reason(
    [409],
    "A receipt of earnings counts the event.",
    "Repay with an allowance of your own.",
  ),
  written_off: reason(
    [409],
    "The operator has taken the event's cost over.",
    "Repay with an allowance of your own.",
  ),
  hold_not_found: reason([404], "The provider has no hold with this id.", "Check the id."),
  hold_id_conflict: reason(
    [409],
    "The provider has another hold with this id.",
    "Give each hold its own id.",
  ),
  hold_line_not_found: reason([404], "The hold has no line with this id.", "Name one of `lines`."),
  extension_id_conflict: reason(
    [409],
    "The hold has another extension with this id.",
    "Give each extension its own id.",
  ),
  too_many_extensions: reason(
    [422],
    "The hold would have more than `maxLots` of what was reserved.",
    "Capture the rest, and open another hold.",
  ),
  refund_requested: reason(
    [409],
    "An account that holds credits for it wants a refund.",
    "Finish in the time that the hold has.",
  ),
  hold_resolved: reason(
    [409],
    "The hold was captured, released, or has expired.",
    "Open another hold.",
  ),
  hold_too_long: reason(
    [422],
    "The hold would exceed `maxHoldSeconds`.",
    "Ask for a shorter `ttlSeconds`.",
  ),
  too_many_holds: reason(
    [429],
    "The provider has its maximum of open holds on this spender.",
    "Capture or release some.",
  ),
  capture_exceeds_hold: reason(
    [409],
    "The capture costs more than is still held.",
    "Capture less; report the rest as usage.",
  ),
  invalid_quote: reason(
    [403],
    "This server did not sign the quote.",
    "Ask for one with `POST /v1/quotes`.",
  ),
  quote_expired: reason([422], "The quote has expired.", "Ask for another."),
  quote_mismatch: reason(
    [422],
    "The quote is for other work, for less, or another payer.",
    "Ask for one that fits, or hold without one.",
  ),
  quote_too_long: reason(
    [422],
    "The quote would exceed `maxQuoteSeconds`.",
    "Ask for a shorter `ttlSeconds`.",
  ),
  quotes_not_offered: reason(
    [501],
    "The operator has not set `QUOTE_PRIVATE_KEY`.",
    "Hold without a quote.",
  ),
};
