import type { Scheme } from "../callers.ts";

/** How requests show who sends them, for the OpenAPI document. */
export const SECURITY_SCHEMES = {
  key: {
    type: "http",
    scheme: "bearer",
    description:
      "A spender's API key (`cck_…`), a provider's key (`ccpk_…`), an issuing key (`ccik_…`) or a " +
      "view key (`ccvk_…`).",
  },
  session: {
    type: "http",
    scheme: "bearer",
    description: "The token of a session (`ccs_…`), which `POST /v1/sessions` gives.",
  },
  cookie: {
    type: "apiKey",
    in: "cookie",
    name: "__Host-ccs",
    description:
      "The same as a cookie, for pages; named `ccs` by a server that is reached without TLS. " +
      "Requests that change something need the header `Origin`.",
  },
  logAccess: {
    type: "apiKey",
    in: "header",
    name: "Authorization",
    description:
      "`LogAccess <address> <issuedAt> <signature>`: EIP-712 typed data that a wallet signs.",
  },
  campaignAccess: {
    type: "apiKey",
    in: "header",
    name: "Authorization",
    description:
      "`CampaignAccess <address> <issuedAt> <signature>`: EIP-712 typed data that the campaign's " +
      "owner signs.",
  },
} as const satisfies Readonly<Record<Scheme, object>>;
