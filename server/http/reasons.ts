/**
 * Declares a reason: the HTTP statuses that it comes with, what it means, and what the caller
 * does next. Both sentences stay under twelve words, because they are cells of docs/reasons.md.
 */
function reason<const Statuses extends readonly number[]>(
  statuses: Statuses,
  meaning: string,
  next: string,
) {
  return { statuses, meaning, next };
}

const REQUEST = {
  invalid_request: reason(
    [400],
    "A field is missing, wrong or unknown.",
    "Correct the fields that `errors` names.",
  ),
  malformed_json: reason([400], "The body is not JSON.", "Send JSON."),
  unreadable_request: reason(
    [400, 415],
    "The body or the path cannot be decoded.",
    "Check encoding, length and path.",
  ),
  unsupported_media_type: reason(
    [415],
    "The body has a content type that is not JSON.",
    "Send `content-type: application/json`.",
  ),
  body_too_large: reason([413], "The body is longer than the server reads.", "Send it in parts."),
  batch_too_large: reason(
    [413],
    "The list, or its scopes together, exceed the server's limits.",
    "Send it in parts.",
  ),
  label_too_long: reason(
    [422],
    "An id, a dimension or a scope exceeds this server's limit.",
    "Shorten it to the limit in the answer.",
  ),
  invalid_cursor: reason(
    [400],
    "The cursor is not one of this list.",
    "Begin again without a cursor.",
  ),
  empty_range: reason([400], "`from` is not before `to`.", "Correct the times."),
  range_too_long: reason([422], "The range exceeds `maxRangeDays`.", "Ask for shorter ranges."),
  too_many_groups: reason(
    [422],
    "The sums have more groups than `maxGroups`.",
    "Ask for a shorter range.",
  ),
  metering_stopped: reason(
    [503],
    "The server may not change its ledger now: `detail` says why.",
    "Send it again after `Retry-After` seconds.",
  ),
  log_behind: reason(
    [409],
    "The reader has seen entries that this log does not have.",
    "Keep the copy: the operator recovers from it.",
  ),
  too_many_public_requests: reason(
    [503],
    "Too many requests without a provider's key wait.",
    "Send it again after `Retry-After` seconds.",
  ),
  too_many_reads: reason(
    [503],
    "As many reads, or bulk issues, wait as `MAX_WAITING_READS` allows.",
    "Send it again after `Retry-After` seconds.",
  ),
  read_timed_out: reason(
    [503],
    "The database took longer than `READ_TIMEOUT_MILLISECONDS`.",
    "Ask for a shorter range or a smaller page.",
  ),
  too_many_signature_checks: reason(
    [503],
    "As many signatures wait for their check as may.",
    "Send it again after `Retry-After` seconds.",
  ),
  too_many_chain_calls: reason(
    [503],
    "Requests caused as many calls of the chain as may.",
    "Send it again after `Retry-After` seconds.",
  ),
  route_not_found: reason(
    [404],
    "The server has no such method and path.",
    "See the list of routes.",
  ),
  database_unavailable: reason(
    [503],
    "The database is unavailable; nothing was applied.",
    "Send it again after `Retry-After` seconds.",
  ),
  outcome_unknown: reason(
    [503],
    "The database was lost; the request may have been applied.",
    "Send it again, with the same ids.",
  ),
  internal_error: reason(
    [500],
    "The server failed: `detail` says what is known.",
    "Send the same request again.",
  ),
};

const CREDENTIALS = {
  missing_credentials: reason(
    [401],
    "The request carries no usable `Authorization` header.",
    "Send the key, or sign `LogAccess` for the log.",
  ),
  unknown_session: reason(
    [401],
    "The session has expired, was revoked, or never was.",
    "Sign in again: `POST /v1/sessions`.",
  ),
  foreign_origin: reason(
    [403],
    "A page of another origin sent the request.",
    "Ask the operator: `ALLOWED_ORIGINS`.",
  ),
  unknown_key: reason(
    [401],
    "No provider, or no owner, has registered this key.",
    "Register it, as the key's kind is registered.",
  ),
  credentials_expired: reason(
    [401],
    "The signed `LogAccess` is more than five minutes away.",
    "Sign it again with the current time.",
  ),
  not_an_auditor: reason(
    [403],
    "The address is neither a signer nor in `AUDITORS`.",
    "Ask the operator to add the address.",
  ),
  invalid_signature: reason(
    [401, 403],
    "The named wallet did not sign this message.",
    "Check the message and the EIP-712 domain.",
  ),
  not_the_spender: reason([403], "The key is not the spender's.", "Send the spender's own key."),
  not_the_issuer: reason(
    [403],
    "The key or the wallet may not issue from this campaign.",
    "Use the owner's wallet or its issuing key.",
  ),
  wrong_key_kind: reason(
    [403],
    "The key's prefix names another kind of key.",
    "Send a key of the kind in `needed`.",
  ),
  too_many_keys: reason([429], "The account has its maximum of such keys.", "Revoke one."),
  source_mismatch: reason(
    [403],
    "The event's `source` is not the key's provider.",
    "Report only your own work.",
  ),
  key_taken: reason([409], "The key is registered for something else.", "Make a new key."),
  key_revoked: reason([401, 403, 409], "The key was revoked, for good.", "Make a new key."),
  key_not_found: reason(
    [404],
    "The provider or account never registered a key with this hash.",
    "Check the hash.",
  ),
  provider_bound_reached: reason(
    [429],
    "The provider stores as much as `bound` allows.",
    "Reuse keys and cards, or wait a day.",
  ),
  provider_not_approved: reason(
    [403],
    "No operator has approved this provider.",
    "Ask an operator: `POST /v1/provider-approvals`.",
  ),
  not_an_operator: reason(
    [403],
    "The address is not in `OPERATORS`.",
    "Sign with an operator's wallet.",
  ),
  stale_approval: reason(
    [409],
    "A later decision about the provider is in force.",
    "Sign again with the current time.",
  ),
  access_not_granted: reason(
    [403],
    "The spender has not given this provider access.",
    "Post its key to `POST /v1/provider-access`.",
  ),
  access_revoked: reason(
    [403],
    "The spender took the provider's access back, for good.",
    "Ask for a new key, or a scope naming you.",
  ),
  access_not_found: reason(
    [404],
    "The spender never gave this provider access.",
    "Check the spender and the provider.",
  ),
};

const ALLOWANCES = {
  allowance_not_found: reason(
    [403, 404],
    "No such allowance, or the spender has none.",
    "The account's owner signs and posts one.",
  ),
  account_without_credits: reason(
    [409],
    "The account has never had credits.",
    "Buy some, and wait until the server has seen it.",
  ),
  account_not_accepted: reason(
    [403],
    "The spender has not accepted the account.",
    "The spender posts the account to `/v1/acceptances`.",
  ),
  acceptance_not_found: reason(
    [404],
    "The spender has not accepted this account.",
    "Nothing is to be ended.",
  ),
  acceptance_outdated: reason(
    [409, 422],
    "`signedAt` is not after the last one, or ahead.",
    "Sign with the milliseconds since 1970 of now.",
  ),
  too_many_acceptances: reason(
    [429],
    "The spender accepts `limit` accounts, or did this one.",
    "End one, or use another key or wallet.",
  ),
  too_many_allowances: reason(
    [429],
    "The `bound` in the answer is used up.",
    "Revoke some, or issue grants from a campaign.",
  ),
  allowance_out_of_scope: reason(
    [403],
    "The allowance names other providers or meters.",
    "The owner signs one with a wider scope.",
  ),
  allowance_revoked: reason(
    [403],
    "The owner revoked it, or the account's counter moved on.",
    "The owner signs another.",
  ),
  times_out_of_range: reason(
    [422],
    "A time is after the year 9999.",
    "Give it in seconds, not in milliseconds.",
  ),
  expires_before_start: reason(
    [422],
    "The `expiresAt` is not after the `startsAt`.",
    "Correct one of them.",
  ),
  allowance_expired: reason([403, 422], "The allowance has expired.", "The owner signs another."),
  allowance_not_started: reason(
    [403],
    "The allowance has not started yet.",
    "Wait until `startsAt`.",
  ),
  scope_mismatch: reason(
    [422],
    "The signed `scope` is not the hash of the lists sent.",
    "Send the lists that were hashed.",
  ),
  stale_counter: reason(
    [409],
    "The account's counter is already higher.",
    "Sign with `currentCounter`.",
  ),
  counter_not_reached: reason(
    [409],
    "The account's counter is lower on the confirmed chain.",
    "Sign with `currentCounter`, or wait.",
  ),
};

const CHARGING = {
  insufficient_credits: reason(
    [402],
    "The account has too few credits available.",
    "Buy `missingMicros`, or wait if `waitMayHelp`.",
  ),
  allowance_exhausted: reason(
    [402],
    "The allowance's limit is reached.",
    "Wait for the next period, or sign another.",
  ),
  campaign_exhausted: reason(
    [402],
    "The campaign behind the grant is used up.",
    "Its owner signs another campaign.",
  ),
  account_cap_reached: reason(
    [402],
    "The account would exceed its signed `accountCap`.",
    "The owner signs an allowance with a higher cap.",
  ),
  cap_not_recorded: reason(
    [402],
    "The contract wallet's cap is not recorded on chain so far.",
    "Call `recordCap` on the court, or wait for it.",
  ),
  vault_frozen: reason(
    [409],
    "The vault is frozen on chain, so nothing is metered.",
    "Accounts take their credits out on chain.",
  ),
  no_rate_card_in_force: reason(
    [422],
    "No rate card was in force at that time.",
    "Check the event's time.",
  ),
  unknown_meter: reason([422], "The rate card has no such meter.", "See `GET /v1/rate-cards`."),
  no_matching_rate: reason(
    [422],
    "The meter has no rate for these dimensions.",
    "See `GET /v1/rate-cards`.",
  ),
  quantity_too_large: reason(
    [422],
    "The cost would exceed all credits that can exist.",
    "Check the quantity's unit.",
  ),
};

const USAGE = {
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

const CAMPAIGNS = {
  campaign_is_grant: reason(
    [422],
    "The allowance was itself granted.",
    "Issue from the campaign that its owner signed.",
  ),
  campaign_revoked: reason(
    [403],
    "The campaign was revoked, or its counter is stale.",
    "Its owner signs another.",
  ),
  campaign_expired: reason([403], "The campaign has expired.", "Its owner signs another."),
  beyond_campaign: reason(
    [422],
    "The grant's `field` is wider than the campaign's.",
    "Stay within the campaign's terms.",
  ),
  grant_expired: reason(
    [422],
    "The grant would have expired already.",
    "Give it a later `expiresAt`.",
  ),
  grant_id_conflict: reason(
    [409],
    "The campaign has another grant with this id.",
    "Give each grant its own id.",
  ),
  too_many_grants: reason(
    [429],
    "The campaign has its maximum of grants and codes.",
    "Use another campaign.",
  ),
  code_conflict: reason(
    [409],
    "The campaign has this code with other terms.",
    "Make another code.",
  ),
  code_not_found: reason([404], "The campaign has no such code.", "Check its spelling."),
  code_closed: reason([403], "The issuer closed the code.", "Ask the issuer for another."),
  code_expired: reason([403], "The code's `redeemBy` has passed.", "Ask the issuer for another."),
  code_used_up: reason(
    [409],
    "The code was redeemed `maxRedemptions` times.",
    "Ask the issuer for another.",
  ),
};

const PRICING = {
  rate_card_not_found: reason([404], "No rate card has this version.", "See `GET /v1/rate-cards`."),
  invalid_rate_card: reason(
    [422],
    "The card's rates contradict each other.",
    "Correct the rates that `errors` names.",
  ),
  effective_from_too_soon: reason(
    [422],
    "The card would take effect without notice.",
    "Use `earliest` or later.",
  ),
  effective_from_too_late: reason(
    [422],
    "The card is dated too far ahead.",
    "Use `latest` or earlier.",
  ),
  effective_from_not_after_newest: reason(
    [409],
    "A newer card takes effect at that time or later.",
    "Use a time after `newest`.",
  ),
  too_many_pending_rate_cards: reason(
    [409],
    "Too many of your cards are still to take effect.",
    "Publish again when one is in force.",
  ),
  unknown_rate: reason(
    [422],
    "No rate in force has exactly this meter and dimensions.",
    "See `GET /v1/dynamic-rates/:provider`.",
  ),
  rate_not_dynamic: reason(
    [422],
    "The rate does not follow utilisation.",
    "Report only dynamic rates.",
  ),
  step_too_soon: reason(
    [429],
    "The multiplier has already moved in this `stepSeconds`.",
    "Report again from `nextStepAt`.",
  ),
};

const CHECKPOINTS = {
  checkpoint_not_found: reason(
    [404],
    "No checkpoint has this epoch.",
    "See `GET /v1/checkpoints`.",
  ),
  row_not_found: reason(
    [404],
    "No final checkpoint has a row of this address.",
    "Wait for the next final checkpoint.",
  ),
  too_many_rows: reason(
    [422],
    "The checkpoint has too many rows for JSON.",
    "Get `GET /v1/checkpoints/:epoch/data`.",
  ),
  data_not_available: reason(
    [404],
    "The checkpoint is older than the file format.",
    "Get `GET /v1/checkpoints/:epoch/rows`.",
  ),
  since_not_before: reason([422], "`since` is not before the epoch.", "Name an earlier epoch."),
  root_mismatch: reason(
    [409],
    "The epoch's checkpoint has another root now.",
    "Reproduce the root in the answer.",
  ),
  checkpoint_not_prepared: reason(
    [409],
    "The checkpoint takes no signatures any more.",
    "Sign the next one.",
  ),
  not_a_signer: reason(
    [403],
    "The contract does not list this signer.",
    "Sign with a signer's key.",
  ),
  signature_invalid: reason(
    [422],
    "The signer did not sign this checkpoint.",
    "Check the message and the EIP-712 domain.",
  ),
  receipt_not_found: reason(
    [404],
    "The provider has no receipt yet.",
    "Post to `/v1/receipts` first.",
  ),
  receipt_replaced: reason(
    [409],
    "The provider has another receipt by now.",
    "Sign the newest one of the log.",
  ),
  receipts_not_offered: reason(
    [501],
    "This server has no signer's key.",
    "Ask a server that settles.",
  ),
  chain_unavailable: reason(
    [503],
    "The chain's endpoint did not answer.",
    "Send the same request again.",
  ),
};

/** The reasons by topic, in the order of docs/reasons.md. */
export const REASONS_BY_TOPIC = {
  request: REQUEST,
  credentials: CREDENTIALS,
  allowances: ALLOWANCES,
  charging: CHARGING,
  usage: USAGE,
  campaigns: CAMPAIGNS,
  pricing: PRICING,
  checkpoints: CHECKPOINTS,
};

/**
 * Every `reason` of a problem document. Reasons are stable: programs branch on them. `problem()`
 * takes no other reason and no other status, so the table cannot fall behind the code.
 */
export const REASONS = {
  ...REQUEST,
  ...CREDENTIALS,
  ...ALLOWANCES,
  ...CHARGING,
  ...USAGE,
  ...CAMPAIGNS,
  ...PRICING,
  ...CHECKPOINTS,
};

export type Reason = keyof typeof REASONS;

/** The statuses that the table allows for a reason. */
export type StatusOf<R extends Reason> = (typeof REASONS)[R]["statuses"][number];
