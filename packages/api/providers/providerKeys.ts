import { z } from "zod";

import { AddressField, Bytes32Field, SignatureField } from "@compute-credits/protocol/json/fields";
import { AddressText, Bytes32Text, TimeText } from "../fields.ts";
import { route } from "../route.ts";

const EXAMPLE = {
  provider: "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
  signature: `0x${"00".repeat(65)}`,
} as const;

const ProviderKey = z
  .object({ provider: AddressText, keyHash: Bytes32Text })
  .meta({ id: "ProviderKey" });

export const registerProviderKey = route({
  id: "registerProviderKey",
  weight: "sensitive",
  method: "post",
  path: "/v1/provider-keys",
  tag: "providers",
  summary: "Registers a provider's key by its hash",
  description:
    "`keyHash` is the keccak-256 of the key's text: the server never sees the key before its " +
    "first use. `signature` is the provider's of `ProviderKey` (EIP-712).",
  callers: ["signer"],
  body: z.strictObject({
    provider: AddressField,
    keyHash: Bytes32Field,
    signature: SignatureField,
  }),
  exampleBody: { ...EXAMPLE, keyHash: `0x${"12".repeat(32)}` },
  answers: { 201: { description: "The key, registered now or before.", schema: ProviderKey } },
  reasons: ["provider_not_approved", "key_taken", "key_revoked", "provider_bound_reached"],
});

export const revokeProviderKey = route({
  id: "revokeProviderKey",
  weight: "sensitive",
  method: "post",
  path: "/v1/provider-keys/{keyHash}/revocation",
  tag: "providers",
  summary: "Ends a provider's key, for good",
  description: "`signature` is the provider's of `ProviderKeyRevocation` (EIP-712).",
  callers: ["signer"],
  params: z.strictObject({ keyHash: Bytes32Field }),
  body: z.strictObject({ provider: AddressField, signature: SignatureField }),
  exampleBody: EXAMPLE,
  answers: {
    200: {
      description: "The key, and when it was revoked first.",
      schema: ProviderKey.extend({ revokedAt: TimeText }).meta({ id: "RevokedProviderKey" }),
    },
  },
  reasons: ["key_not_found"],
});
