import { z } from "zod";

import { AddressField, ApiKeyField, SignatureField } from "@compute-credits/protocol/json/fields";
import { AddressText, Bytes32Text, TimeText } from "../fields.ts";
import { route } from "../route.ts";

/** The spender's key itself, or its wallet's signature. Either proves that the spender agreed. */
const AccessBody = z.union(
  [
    z.strictObject({ apiKey: ApiKeyField }),
    z.strictObject({ spender: AddressField, signature: SignatureField }),
  ],
  'must be {"apiKey"} or {"spender", "signature"}',
);

const AccessRevocationBody = z.union(
  [
    z.strictObject({ provider: AddressField, apiKey: ApiKeyField }),
    z.strictObject({ provider: AddressField, spender: AddressField, signature: SignatureField }),
  ],
  'must be {"provider", "apiKey"} or {"provider", "spender", "signature"}',
);

const EXAMPLE_KEY = "cck_the-spenders-own-key";

const ProviderAccess = z
  .object({
    spender: Bytes32Text.describe("The spender as allowances name it: 32 bytes."),
    provider: AddressText,
  })
  .meta({ id: "ProviderAccess" });

export const grantProviderAccess = route({
  id: "grantProviderAccess",
  method: "post",
  path: "/v1/provider-access",
  tag: "providers",
  summary: "Shows that a spender chose this provider",
  description:
    "From then on the provider may charge the spender. A spending wallet signs `ProviderAccess` " +
    "(EIP-712).",
  callers: ["provider"],
  body: AccessBody,
  exampleBody: { apiKey: EXAMPLE_KEY },
  answers: { 201: { description: "The access, given now or before.", schema: ProviderAccess } },
  reasons: ["invalid_signature", "access_revoked", "provider_bound_reached"],
});

export const revokeProviderAccess = route({
  id: "revokeProviderAccess",
  method: "post",
  path: "/v1/provider-access/revocation",
  tag: "providers",
  summary: "Ends a provider's access to a spender, for good",
  description:
    "With the spender's key in the body, or a spending wallet's signature of " +
    "`ProviderAccessRevocation` (EIP-712).",
  callers: ["signer"],
  body: AccessRevocationBody,
  exampleBody: { provider: "0x90f79bf6eb2c4f870365e785982e1f101e93b906", apiKey: EXAMPLE_KEY },
  answers: {
    200: {
      description: "The access, and when it was revoked first.",
      schema: ProviderAccess.extend({ revokedAt: TimeText }).meta({ id: "RevokedProviderAccess" }),
    },
  },
  reasons: ["wrong_key_kind", "access_not_found"],
});
