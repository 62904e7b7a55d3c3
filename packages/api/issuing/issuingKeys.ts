import { z } from "zod";

import {
  AddressField,
  Bytes32Field,
  SignatureField,
  uintField,
} from "@compute-credits/protocol/json/fields";
import { ANY_CAMPAIGN } from "@compute-credits/protocol/messages/issuingKey";
import { MAX_ISSUING_KEYS } from "../bounds.ts";
import { EXAMPLE } from "../examples.ts";
import { AddressText, Bytes32Text, TimeText, UintText } from "../fields.ts";
import { route } from "../route.ts";

const IssuingKey = z
  .object({
    account: AddressText,
    keyHash: Bytes32Text,
    campaign: Bytes32Text.nullable().describe(
      "The only one that it issues from; `null` for all of the account.",
    ),
    counter: UintText.describe("The account's counter: raising it voids the key."),
    createdAt: TimeText,
    revokedAt: TimeText.nullable(),
  })
  .meta({ id: "IssuingKey" });

export const registerIssuingKey = route({
  id: "registerIssuingKey",
  weight: "sensitive",
  method: "post",
  path: "/v1/issuing-keys",
  tag: "campaigns",
  summary: "Registers an issuing key by its hash",
  description:
    "The account's owner signs `IssuingKey`. The key issues grants and codes from the account's " +
    "campaigns, and spends nothing.",
  callers: ["signer"],
  body: z.strictObject({
    account: AddressField,
    keyHash: Bytes32Field,
    campaign: Bytes32Field.default(ANY_CAMPAIGN),
    counter: uintField(64),
    signature: SignatureField,
  }),
  exampleBody: {
    account: EXAMPLE.address,
    keyHash: EXAMPLE.bytes32,
    counter: "0",
    signature: EXAMPLE.signature,
  },
  answers: {
    200: { description: "The key, registered before.", schema: IssuingKey },
    201: { description: "The key.", schema: IssuingKey },
  },
  reasons: ["key_taken", "key_revoked", "too_many_keys", "stale_counter", "counter_not_reached"],
});

export const listIssuingKeys = route({
  id: "listIssuingKeys",
  method: "get",
  path: "/v1/accounts/{address}/issuing-keys",
  tag: "campaigns",
  summary: "The account's issuing keys, by hash",
  description: "Oldest first, without their texts.",
  callers: ["owner", "viewKey", "operator", "auditor"],
  params: z.strictObject({ address: AddressField }),
  answers: {
    200: {
      description: "All of the account's keys.",
      schema: z.object({ issuingKeys: z.array(IssuingKey).max(MAX_ISSUING_KEYS) }),
    },
  },
  reasons: [],
});

export const revokeIssuingKey = route({
  id: "revokeIssuingKey",
  weight: "sensitive",
  method: "post",
  path: "/v1/issuing-keys/{keyHash}/revocation",
  tag: "campaigns",
  summary: "Ends an issuing key, and what it issued",
  description:
    "The account's owner signs `IssuingKeyRevocation`. With `revokesGrants` it also revokes what " +
    "the key issued, in parts: send it again while `hasMore`.",
  callers: ["signer"],
  params: z.strictObject({ keyHash: Bytes32Field }),
  body: z.strictObject({
    account: AddressField,
    revokesGrants: z.boolean(),
    signature: SignatureField,
  }),
  exampleBody: {
    account: EXAMPLE.address,
    revokesGrants: true,
    signature: EXAMPLE.signature,
  },
  answers: {
    200: {
      description: "The key is revoked, for good.",
      schema: z.object({
        account: AddressText,
        keyHash: Bytes32Text,
        revokedAt: TimeText,
        revokedGrants: z.int().min(0).describe("Grants that this request revoked."),
        hasMore: z.boolean(),
      }),
    },
  },
  reasons: ["key_not_found"],
});
