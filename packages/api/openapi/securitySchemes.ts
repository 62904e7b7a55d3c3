import type { Scheme } from "../callers.ts";

/** How requests show who sends them, for the OpenAPI document. */
export const SECURITY_SCHEMES = {
  key: {
    type: "http",
    scheme: "bearer",
    description:
      "A spender's API key (`cck_…`), a provider's key (`ccpk_…`) or an issuing key (`ccik_…`).",
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
