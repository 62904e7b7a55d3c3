/** What a refusal says of itself. docs/reasons.md is generated from this table. */
interface ReasonEntry {
  /** the HTTP statuses that the reason comes with */
  readonly statuses: readonly number[];
  readonly meaning: string;
  /** what the caller does next */
  readonly next: string;
}

/**
 * Every `reason` of a problem document, by topic. Reasons are stable: programs branch on them.
 * `problem()` takes no other reason and no other status, so the table cannot fall behind.
 */
export const REASONS = {
  // The request itself.
  invalid_request: {
    statuses: [400],
    meaning: "A field is missing, wrong or unknown.",
    next: "Correct the fields that `errors` names.",
  },
  malformed_json: {
    statuses: [400],
    meaning: "The body is not JSON.",
    next: "Send JSON.",
  },
  unreadable_request: {
    statuses: [400, 415],
    meaning: "The body or the path cannot be decoded.",
    next: "Check encoding, length and path.",
  },
  unsupported_media_type: {
    statuses: [415],
    meaning: "The body has a content type that is not JSON.",
    next: "Send `content-type: application/json`.",
  },
  body_too_large: {
    statuses: [413],
    meaning: "The body exceeds `maxBodyBytes`.",
    next: "Send it in parts.",
  },
  batch_too_large: {
    statuses: [413],
    meaning: "The list exceeds `maxBatchEvents` or `maxGrantsPerRequest`.",
    next: "Send it in parts.",
  },
  label_too_long: {
    statuses: [422],
    meaning: "An id, a dimension or a scope exceeds this server's limit.",
    next: "Shorten it to the limit in the answer.",
  },
  invalid_cursor: {
    statuses: [400],
    meaning: "The cursor is not one of this list.",
    next: "Begin again without a cursor.",
  },
  empty_range: {
    statuses: [400],
    meaning: "`from` is not before `to`.",
    next: "Correct the times.",
  },
  range_too_long: {
    statuses: [422],
    meaning: "The range exceeds `maxRangeDays`.",
    next: "Ask for shorter ranges.",
  },
  too_many_groups: {
    statuses: [422],
    meaning: "The sums have more groups than `maxGroups`.",
    next: "Ask for a shorter range.",
  },
  route_not_found: {
    statuses: [404],
    meaning: "The server has no such method and path.",
    next: "See the list of routes.",
  },
  internal_error: {
    statuses: [500],
    meaning: "The server failed and applied nothing.",
    next: "Send the same request again.",
  },

  // Credentials and signatures.
  missing_credentials: {
    statuses: [401],
    meaning: "The request carries no usable `Authorization` header.",
    next: "Send the key, or sign `LogAccess` for the log.",
  },
  unknown_key: {
    statuses: [401],
    meaning: "No provider has registered this key.",
    next: "Register it with `POST /v1/provider-keys`.",
  },
  credentials_expired: {
    statuses: [401],
    meaning: "The signed `LogAccess` is more than five minutes away.",
    next: "Sign it again with the current time.",
  },
  not_an_auditor: {
    statuses: [403],
    meaning: "The address is neither a signer nor in `AUDITORS`.",
    next: "Ask the operator to add the address.",
  },
  invalid_signature: {
    statuses: [401, 403],
    meaning: "The named wallet did not sign this message.",
    next: "Check the message and the EIP-712 domain.",
  },
  not_the_issuer: {
    statuses: [403],
    meaning: "The key is not the campaign's.",
    next: "Send the campaign's own key.",
  },
  source_mismatch: {
    statuses: [403],
    meaning: "The event's `source` is not the key's provider.",
    next: "Report only your own work.",
  },
  key_taken: {
    statuses: [409],
    meaning: "Another provider has registered this key.",
    next: "Make a new key.",
  },
  key_revoked: {
    statuses: [409],
    meaning: "The key was revoked, for good.",
    next: "Make a new key.",
  },
  key_not_found: {
    statuses: [404],
    meaning: "The provider never registered a key with this hash.",
    next: "Check the hash.",
  },

  // Access of providers.
  access_not_granted: {
    statuses: [403],
    meaning: "The spender has not given this provider access.",
    next: "Post its key to `POST /v1/provider-access`.",
  },
  access_revoked: {
    statuses: [403],
    meaning: "The spender took the provider's access back, for good.",
    next: "Ask for a new key, or a scope naming you.",
  },
  access_not_found: {
    statuses: [404],
    meaning: "The spender never gave this provider access.",
    next: "Check the spender and the provider.",
  },

  // Allowances.
  allowance_not_found: {
    statuses: [403, 404],
    meaning: "No such allowance, or the spender has none.",
    next: "The account's owner signs and posts one.",
  },
  allowance_out_of_scope: {
    statuses: [403],
    meaning: "The allowance names other providers or meters.",
    next: "The owner signs one with a wider scope.",
  },
  allowance_revoked: {
    statuses: [403],
    meaning: "The owner revoked it, or the account's counter moved on.",
    next: "The owner signs another.",
  },
  allowance_expired: {
    statuses: [403, 422],
    meaning: "The allowance has expired.",
    next: "The owner signs another.",
  },
  allowance_not_started: {
    statuses: [403],
    meaning: "The allowance has not started yet.",
    next: "Wait until `startsAt`.",
  },
  scope_mismatch: {
    statuses: [422],
    meaning: "The signed `scope` is not the hash of the lists sent.",
    next: "Send the lists that were hashed.",
  },
  stale_counter: {
    statuses: [409],
    meaning: "The account's counter is already higher.",
    next: "Sign with `currentCounter`.",
  },
  counter_not_reached: {
    statuses: [409],
    meaning: "The account's counter is lower on the confirmed chain.",
    next: "Sign with `currentCounter`, or wait.",
  },

  // Charging, holding and quoting.
  insufficient_credits: {
    statuses: [402],
    meaning: "The account has too few credits available.",
    next: "Buy `missingMicros`, or wait if `waitMayHelp`.",
  },
  allowance_exhausted: {
    statuses: [402],
    meaning: "The allowance's limit is reached.",
    next: "Wait for the next period, or sign another.",
  },
  campaign_exhausted: {
    statuses: [402],
    meaning: "The campaign behind the grant is used up.",
    next: "Its owner signs another campaign.",
  },
  account_cap_reached: {
    statuses: [402],
    meaning: "The account would exceed its signed `accountCap`.",
    next: "The owner signs an allowance with a higher cap.",
  },
  vault_frozen: {
    statuses: [409],
    meaning: "The vault is frozen on chain, so nothing is metered.",
    next: "Accounts take their credits out on chain.",
  },
  no_rate_card_in_force: {
    statuses: [422],
    meaning: "No rate card was in force at that time.",
    next: "Check the event's time.",
  },
  unknown_meter: {
    statuses: [422],
    meaning: "The rate card has no such meter.",
    next: "See `GET /v1/rate-cards`.",
  },
  no_matching_rate: {
    statuses: [422],
    meaning: "The meter has no rate for these dimensions.",
    next: "See `GET /v1/rate-cards`.",
  },
  quantity_too_large: {
    statuses: [422],
    meaning: "The cost would exceed all credits that can exist.",
    next: "Check the quantity's unit.",
  },

  // Usage events and voids.
  invalid_event: {
    statuses: [400],
    meaning: "One event has missing, wrong or unknown fields.",
    next: "Correct the fields that `errors` names.",
  },
  event_id_conflict: {
    statuses: [409],
    meaning: "The provider reported another event with this id.",
    next: "Give each event its own id.",
  },
  event_too_old: {
    statuses: [422],
    meaning: "The event is older than `maxEventAgeSeconds`.",
    next: "It is not billable any more.",
  },
  event_in_future: {
    statuses: [422],
    meaning: "The event is more than `maxEventAheadSeconds` ahead.",
    next: "Set your clock.",
  },
  event_not_found: {
    statuses: [404],
    meaning: "The provider has no debited event with this id.",
    next: "Check the id.",
  },
  already_settled: {
    statuses: [409],
    meaning: "A checkpoint holds the event.",
    next: "Repay with an allowance of your own.",
  },
  receipt_given: {
    statuses: [409],
    meaning: "A receipt of earnings counts the event.",
    next: "Repay with an allowance of your own.",
  },

  // Holds and quotes.
  hold_not_found: {
    statuses: [404],
    meaning: "The provider has no hold with this id.",
    next: "Check the id.",
  },
  hold_id_conflict: {
    statuses: [409],
    meaning: "The provider has another hold with this id.",
    next: "Give each hold its own id.",
  },
  hold_resolved: {
    statuses: [409],
    meaning: "The hold was captured, released, or has expired.",
    next: "Open another hold.",
  },
  hold_too_long: {
    statuses: [422],
    meaning: "The hold would exceed `maxHoldSeconds`.",
    next: "Ask for a shorter `ttlSeconds`.",
  },
  too_many_holds: {
    statuses: [429],
    meaning: "The spender has its maximum of open holds.",
    next: "Capture or release some.",
  },
  capture_exceeds_hold: {
    statuses: [409],
    meaning: "The capture costs more than is still held.",
    next: "Capture less; report the rest as usage.",
  },
  invalid_quote: {
    statuses: [403],
    meaning: "This server did not sign the quote.",
    next: "Ask for one with `POST /v1/quotes`.",
  },
  quote_expired: {
    statuses: [422],
    meaning: "The quote has expired.",
    next: "Ask for another.",
  },
  quote_mismatch: {
    statuses: [422],
    meaning: "The quote is for other work, or for less.",
    next: "Ask for one that fits.",
  },
  quote_too_long: {
    statuses: [422],
    meaning: "The quote would exceed `maxQuoteSeconds`.",
    next: "Ask for a shorter `ttlSeconds`.",
  },
  quotes_not_offered: {
    statuses: [501],
    meaning: "The operator has not set `QUOTE_PRIVATE_KEY`.",
    next: "Hold without a quote.",
  },

  // Campaigns, grants and codes.
  campaign_is_grant: {
    statuses: [422],
    meaning: "The allowance was itself granted.",
    next: "Issue from the campaign that its owner signed.",
  },
  campaign_revoked: {
    statuses: [403],
    meaning: "The campaign was revoked, or its counter is stale.",
    next: "Its owner signs another.",
  },
  campaign_expired: {
    statuses: [403],
    meaning: "The campaign has expired.",
    next: "Its owner signs another.",
  },
  beyond_campaign: {
    statuses: [422],
    meaning: "The grant's `field` is wider than the campaign's.",
    next: "Stay within the campaign's terms.",
  },
  grant_expired: {
    statuses: [422],
    meaning: "The grant would have expired already.",
    next: "Give it a later `expiresAt`.",
  },
  grant_id_conflict: {
    statuses: [409],
    meaning: "The campaign has another grant with this id.",
    next: "Give each grant its own id.",
  },
  too_many_grants: {
    statuses: [429],
    meaning: "The campaign has its maximum of grants and codes.",
    next: "Use another campaign.",
  },
  code_conflict: {
    statuses: [409],
    meaning: "The campaign has this code with other terms.",
    next: "Make another code.",
  },
  code_not_found: {
    statuses: [404],
    meaning: "The campaign has no such code.",
    next: "Check its spelling.",
  },
  code_closed: {
    statuses: [403],
    meaning: "The issuer closed the code.",
    next: "Ask the issuer for another.",
  },
  code_expired: {
    statuses: [403],
    meaning: "The code's `redeemBy` has passed.",
    next: "Ask the issuer for another.",
  },
  code_used_up: {
    statuses: [409],
    meaning: "The code was redeemed `maxRedemptions` times.",
    next: "Ask the issuer for another.",
  },

  // Rate cards and dynamic rates.
  rate_card_not_found: {
    statuses: [404],
    meaning: "No rate card has this version.",
    next: "See `GET /v1/rate-cards`.",
  },
  invalid_rate_card: {
    statuses: [422],
    meaning: "The card's rates contradict each other.",
    next: "Correct the rates that `errors` names.",
  },
  effective_from_too_soon: {
    statuses: [422],
    meaning: "The card would take effect without notice.",
    next: "Use `earliest` or later.",
  },
  effective_from_too_late: {
    statuses: [422],
    meaning: "The card is dated too far ahead.",
    next: "Use `latest` or earlier.",
  },
  effective_from_not_after_newest: {
    statuses: [409],
    meaning: "A newer card takes effect at that time or later.",
    next: "Use a time after `newest`.",
  },
  too_many_pending_rate_cards: {
    statuses: [409],
    meaning: "Too many of your cards are still to take effect.",
    next: "Publish again when one is in force.",
  },
  unknown_rate: {
    statuses: [422],
    meaning: "No rate in force has exactly this meter and dimensions.",
    next: "See `GET /v1/dynamic-rates/:provider`.",
  },
  rate_not_dynamic: {
    statuses: [422],
    meaning: "The rate does not follow utilisation.",
    next: "Report only dynamic rates.",
  },
  step_too_soon: {
    statuses: [429],
    meaning: "The multiplier has already moved in this `stepSeconds`.",
    next: "Report again from `nextStepAt`.",
  },

  // Checkpoints, receipts and reports.
  checkpoint_not_found: {
    statuses: [404],
    meaning: "No checkpoint has this epoch.",
    next: "See `GET /v1/checkpoints`.",
  },
  row_not_found: {
    statuses: [404],
    meaning: "No final checkpoint has a row of this address.",
    next: "Wait for the next final checkpoint.",
  },
  too_many_rows: {
    statuses: [422],
    meaning: "The checkpoint has too many rows for JSON.",
    next: "Get `GET /v1/checkpoints/:epoch/data`.",
  },
  data_not_available: {
    statuses: [404],
    meaning: "The checkpoint is older than the file format.",
    next: "Get `GET /v1/checkpoints/:epoch/rows`.",
  },
  since_not_before: {
    statuses: [422],
    meaning: "`since` is not before the epoch.",
    next: "Name an earlier epoch.",
  },
  root_mismatch: {
    statuses: [409],
    meaning: "The epoch's checkpoint has another root now.",
    next: "Reproduce the root in the answer.",
  },
  checkpoint_not_prepared: {
    statuses: [409],
    meaning: "The checkpoint takes no signatures any more.",
    next: "Sign the next one.",
  },
  not_a_signer: {
    statuses: [403],
    meaning: "The contract does not list this signer.",
    next: "Sign with a signer's key.",
  },
  signature_invalid: {
    statuses: [422],
    meaning: "The signer did not sign this checkpoint.",
    next: "Check the message and the EIP-712 domain.",
  },
  receipts_not_offered: {
    statuses: [501],
    meaning: "This server has no signer's key.",
    next: "Ask a server that settles.",
  },
  chain_unavailable: {
    statuses: [503],
    meaning: "The chain's endpoint did not answer.",
    next: "Send the same request again.",
  },
} as const satisfies Readonly<Record<string, ReasonEntry>>;

export type Reason = keyof typeof REASONS;

/** The statuses that the table allows for a reason. */
export type StatusOf<R extends Reason> = (typeof REASONS)[R]["statuses"][number];
