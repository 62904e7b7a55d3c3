import { reason } from "./reason.ts";

export const CREDENTIALS = {
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
  session_needed: reason(
    [403],
    "Only a wallet that signed in may do this.",
    "Sign in: `POST /v1/sessions`.",
  ),
  session_not_found: reason([404], "The caller has no session with this id.", "Check the id."),
  sign_in_refused: reason(
    [403],
    "The message's `field` does not fit this server, chain or time.",
    "Make a message anew, with a new nonce.",
  ),
  nonce_used: reason(
    [409],
    "The nonce has signed somebody in already.",
    "Get another: `POST /v1/sessions/nonce`.",
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
  not_permitted: reason(
    [403],
    "The credentials are of a party that may not do this.",
    "Send those of a party in `detail`.",
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
  expiry_out_of_range: reason(
    [422],
    "The key would expire in the past, or too late.",
    "Use a time up to `latest`.",
  ),
  key_taken: reason([409], "The key is registered for something else.", "Make a new key."),
  key_revoked: reason([401, 403, 409], "The key was revoked, for good.", "Make a new key."),
  key_not_found: reason(
    [404],
    "The caller never registered a key with this hash.",
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
