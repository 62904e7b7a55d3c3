import { z } from "zod";

import {
  AddressField,
  Bytes32Field,
  SecondsField,
  SignatureField,
} from "@compute-credits/protocol/json/fields";
import { LABEL_CHARACTERS } from "../bounds.ts";
import { AddressText, Bytes32Text, TimeText } from "../fields.ts";
import { route } from "../route.ts";
import { labelField } from "../sessions/sessions.ts";

const EXAMPLE = {
  account: "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
  signature: `0x${"00".repeat(65)}`,
} as const;

const SIGNATURE = "Of the owner, unless the request comes with its session.";

export const addViewKey = route({
  id: "addViewKey",
  weight: "sensitive",
  method: "post",
  path: "/v1/view-keys",
  tag: "sessions",
  summary: "Registers a key that reads an account, by its hash",
  description:
    "`keyHash` is the keccak-256 of the key's text, which begins with `ccvk_`. The key reads what " +
    "the account's owner may read, and changes nothing. `signature` is of `ViewKey` (EIP-712).",
  callers: ["session", "signer"],
  body: z.strictObject({
    account: AddressField,
    keyHash: Bytes32Field,
    expiresAt: SecondsField.describe("At most 366 days ahead."),
    label: labelField(LABEL_CHARACTERS.key).optional(),
    signature: SignatureField.optional().describe(SIGNATURE),
  }),
  exampleBody: { ...EXAMPLE, keyHash: `0x${"12".repeat(32)}`, expiresAt: "4102444800" },
  answers: {
    201: {
      description: "The key, registered now or before.",
      schema: z.object({
        account: AddressText,
        keyHash: Bytes32Text,
        createdAt: TimeText,
        expiresAt: TimeText,
      }),
    },
  },
  reasons: ["not_permitted", "expiry_out_of_range", "key_taken", "key_revoked", "too_many_keys"],
});

export const revokeViewKey = route({
  id: "revokeViewKey",
  weight: "sensitive",
  method: "post",
  path: "/v1/view-keys/{keyHash}/revocation",
  tag: "sessions",
  summary: "Ends a view key by its owner's signature, for good",
  description: "`signature` is of `ViewKeyRevocation` (EIP-712).",
  callers: ["signer"],
  params: z.strictObject({ keyHash: Bytes32Field }),
  body: z.strictObject({ account: AddressField, signature: SignatureField }),
  exampleBody: EXAMPLE,
  answers: {
    200: {
      description: "When it ended.",
      schema: z.object({ account: AddressText, keyHash: Bytes32Text, revokedAt: TimeText }),
    },
  },
  reasons: ["key_not_found"],
});
