import type { Reason } from "./problems/reasons.ts";

/**
 * Describes a kind of caller: its cell in docs/routes.md, the ways in which it shows itself (`null`:
 * without a header), and what refuses it.
 */
function caller(
  label: string,
  { schemes, reasons }: { schemes: readonly (Scheme | null)[]; reasons: readonly Reason[] },
) {
  return { label, schemes, reasons };
}

/** How a request shows who sends it: the names of the OpenAPI document's security schemes. */
export type Scheme = "key" | "logAccess" | "campaignAccess" | "session" | "cookie";

const KEY_REASONS = ["missing_credentials", "unknown_key", "wrong_key_kind"] as const;
const SIGNED_HEADER_REASONS = [
  "missing_credentials",
  "credentials_expired",
  "invalid_signature",
] as const;

/** Of credentials of any kind, and of those of somebody else. */
const PERMIT_REASONS = [
  "missing_credentials",
  "unknown_key",
  "key_revoked",
  "unknown_session",
  "credentials_expired",
  "invalid_signature",
  "not_permitted",
] as const satisfies readonly Reason[];

/** Who may call a route. A route names all that may. */
export const CALLERS = {
  /** without credentials */
  anyone: caller("anyone", { schemes: [null], reasons: [] }),
  /** with a message in the body that a wallet signed */
  signer: caller("anyone, with a signed message", {
    schemes: [null],
    reasons: ["invalid_signature"],
  }),
  /** with a provider's key */
  provider: caller("provider", {
    schemes: ["key"],
    reasons: [...KEY_REASONS, "provider_not_approved"],
  }),
  /** with a spender's API key, or a wallet's signature in the body */
  spender: caller("spender", {
    schemes: ["key", null],
    reasons: [...KEY_REASONS, "not_the_spender", "invalid_signature"],
  }),
  /** with an issuing key, or `CampaignAccess` signed by the owner of the campaign's account */
  issuer: caller("issuer", {
    schemes: ["key", "campaignAccess"],
    reasons: [
      ...KEY_REASONS,
      ...SIGNED_HEADER_REASONS,
      "key_revoked",
      "unknown_session",
      "not_the_issuer",
    ],
  }),
  /** with `LogAccess` of a signer or of an auditor whom the operator names */
  auditor: caller("auditor", {
    schemes: ["logAccess"],
    reasons: [
      ...SIGNED_HEADER_REASONS,
      "unknown_key",
      "key_revoked",
      "unknown_session",
      "not_an_auditor",
    ],
  }),
  /** the owner of the account that is read: a session, `LogAccess` or `CampaignAccess` */
  owner: caller("owner", {
    schemes: ["session", "cookie", "logAccess", "campaignAccess"],
    reasons: PERMIT_REASONS,
  }),
  /** a view key of the account that is read */
  viewKey: caller("view key", { schemes: ["key"], reasons: PERMIT_REASONS }),
  /** the provider that is read: its key, a session or `LogAccess` */
  theProvider: caller("provider itself", {
    schemes: ["key", "session", "cookie", "logAccess"],
    reasons: PERMIT_REASONS,
  }),
  /** the spender that is read: its key, or a session or `LogAccess` of its wallet */
  theSpender: caller("spender itself", {
    schemes: ["key", "session", "cookie", "logAccess"],
    reasons: PERMIT_REASONS,
  }),
  /** an issuing key of the campaign that is read */
  theIssuer: caller("campaign's issuer", { schemes: ["key"], reasons: PERMIT_REASONS }),
  /** an address in `OPERATORS`: a session or `LogAccess` */
  operator: caller("operator", {
    schemes: ["session", "cookie", "logAccess"],
    reasons: PERMIT_REASONS,
  }),
  /** without credentials, while the court waits for an answer to a challenge of the account */
  anyoneWhileChallenged: caller("anyone while challenged", { schemes: [null], reasons: [] }),
  /** a wallet that signed in, with the session's token or cookie */
  session: caller("wallet that signed in", {
    schemes: ["session", "cookie"],
    reasons: [
      ...KEY_REASONS,
      ...SIGNED_HEADER_REASONS,
      "key_revoked",
      "unknown_session",
      "session_needed",
      "foreign_origin",
    ],
  }),
  /** with credentials of any kind */
  known: caller("any credentials", {
    schemes: ["key", "session", "cookie", "logAccess", "campaignAccess"],
    reasons: [
      "missing_credentials",
      "unknown_key",
      "key_revoked",
      "unknown_session",
      "credentials_expired",
      "invalid_signature",
    ],
  }),
} as const;

export type Caller = keyof typeof CALLERS;
