import { z } from "zod";

import { Bytes32Field } from "@compute-credits/protocol/json/fields";
import { LABEL_CHARACTERS, MAX_OVERLAP_SECONDS } from "../bounds.ts";
import { Bytes32Text, TimeText } from "../fields.ts";
import { route } from "../route.ts";
import { labelField } from "../sessions/sessions.ts";

const Key = z
  .object({
    kind: z.enum(["provider", "issuing", "view"]),
    keyHash: Bytes32Text,
    label: z.string(),
    campaign: Bytes32Text.nullable().describe(
      "The only campaign that an issuing key issues from; `null` for all, and for other kinds.",
    ),
    createdAt: TimeText,
    usedAt: TimeText.nullable().describe("Up to six minutes late; `null`: never."),
    expiresAt: TimeText.nullable().describe("Of a view key."),
    revokedAt: TimeText.nullable().describe("Ahead for a key that another one replaces."),
    isOpen: z.boolean().describe("Neither revoked nor expired."),
  })
  .meta({ id: "Key" });

const keyParams = z.strictObject({ keyHash: Bytes32Field });

export const listKeys = route({
  id: "listKeys",
  method: "get",
  path: "/v1/keys",
  tag: "sessions",
  summary: "The wallet's keys of all kinds, without their texts",
  description: "Open ones first, then the newest. At most 1,000; every open key is among them.",
  callers: ["session"],
  answers: {
    200: { description: "The keys.", schema: z.object({ keys: z.array(Key) }) },
  },
  reasons: [],
});

export const labelKey = route({
  id: "labelKey",
  method: "post",
  path: "/v1/keys/{keyHash}/label",
  tag: "sessions",
  summary: "Names a key for lists",
  callers: ["session"],
  params: keyParams,
  body: z.strictObject({ label: labelField(LABEL_CHARACTERS.key) }),
  exampleBody: { label: "node 3" },
  answers: {
    200: {
      description: "The label.",
      schema: z.object({ keyHash: Bytes32Text, label: z.string() }),
    },
  },
  reasons: ["key_not_found"],
});

export const replaceKey = route({
  id: "replaceKey",
  method: "post",
  path: "/v1/keys/{keyHash}/replacement",
  tag: "sessions",
  summary: "Lets a key end after an overlap with its successor",
  description:
    "Register the new key first, with your wallet's signature. Both work during the overlap. An " +
    "earlier end stays.",
  callers: ["session"],
  params: keyParams,
  body: z.strictObject({
    by: Bytes32Field.describe("The hash of the new key, of the same kind."),
    overlapSeconds: z.int().min(0).max(MAX_OVERLAP_SECONDS).default(86_400),
  }),
  exampleBody: { by: `0x${"34".repeat(32)}`, overlapSeconds: 3_600 },
  answers: {
    200: {
      description: "When the old key ends.",
      schema: z.object({ keyHash: Bytes32Text, by: Bytes32Text, endsAt: TimeText }),
    },
  },
  reasons: ["key_not_found", "key_revoked", "wrong_key_kind"],
});

export const endKey = route({
  id: "endKey",
  method: "post",
  path: "/v1/keys/{keyHash}/revocation",
  tag: "sessions",
  summary: "Ends one of the wallet's keys, at once on all servers",
  description:
    "For good. To end what an issuing key issued, too, sign `IssuingKeyRevocation`: " +
    "`POST /v1/issuing-keys/{keyHash}/revocation`.",
  callers: ["session"],
  params: keyParams,
  answers: {
    200: {
      description: "When it ended.",
      schema: z.object({ keyHash: Bytes32Text, revokedAt: TimeText }),
    },
  },
  reasons: ["key_not_found"],
});
