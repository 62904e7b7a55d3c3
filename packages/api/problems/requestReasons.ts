import { reason } from "./reason.ts";

export const REQUEST = {
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
  as_of_in_future: reason([422], "`asOf` has not come yet.", "Ask for a past time."),
  history_not_kept: reason(
    [422],
    "The ledger's history begins later, at `begunAt`.",
    "Ask the operator: `npm run reindex` completes it.",
  ),
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
  rate_limited: reason(
    [429],
    "The key, session or address sent more than its budget.",
    "Send it again after `Retry-After` seconds.",
  ),
  invalid_idempotency_key: reason(
    [400],
    "The `Idempotency-Key` is not 1 to 255 printable ASCII characters.",
    "Send one key, such as a UUID.",
  ),
  idempotency_key_reused: reason(
    [422],
    "The key came with another method, path or body.",
    "Use a new key for a new request.",
  ),
  idempotency_key_in_flight: reason(
    [409],
    "A request with this key is being handled.",
    "Send it again after `Retry-After` seconds.",
  ),
  answer_not_kept: reason(
    [409],
    "The answer held a secret, which is not kept.",
    "Revoke `id`, and send a new key.",
  ),
  too_many_idempotency_keys: reason(
    [429],
    "The caller or its address has used `limit` keys.",
    "Send it without a key, or wait.",
  ),
  invalid_event_id: reason(
    [400],
    "`Last-Event-ID` is none that this kind of stream sends.",
    "Connect without it, and read what you show anew.",
  ),
  too_many_streams: reason(
    [429, 503],
    "The caller, or the server, has as many streams as may.",
    "End one, or connect again after `Retry-After` seconds.",
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
