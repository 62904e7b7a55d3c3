import { reason } from "./reason.ts";

export const ALLOWANCES = {
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
