import { z } from "zod";

import { Bytes32Field, SignatureField } from "@compute-credits/protocol/json/fields";
import { LABEL_CHARACTERS, SIGN_IN_CHARACTERS } from "../bounds.ts";
import { AddressText, Bytes32Text, TimeText } from "../fields.ts";
import { route } from "../route.ts";

const sessionFields = {
  id: Bytes32Text.describe("SHA-256 of the token."),
  address: AddressText,
  label: z.string().describe("What the wallet's program called itself."),
  createdAt: TimeText,
  expiresAt: TimeText,
  usedAt: TimeText.describe("Up to six minutes late."),
};

/** Text without control characters, which a list can show. */
export function labelField(most: number) {
  return z
    .string()
    .regex(/^\P{Cc}*$/u, "must have no control characters")
    .max(most);
}

export const createNonce = route({
  id: "createNonce",
  weight: "sensitive",
  method: "post",
  path: "/v1/sessions/nonce",
  tag: "sessions",
  summary: "A nonce for a sign-in message, good for 10 minutes",
  isWork: true,
  callers: ["anyone"],
  answers: {
    200: {
      description: "The nonce, and the chain id that the message names.",
      schema: z
        .object({ nonce: z.string(), expiresAt: TimeText, chainId: z.int() })
        .meta({ id: "Nonce" }),
    },
  },
  reasons: ["foreign_origin"],
});

export const signIn = route({
  id: "signIn",
  weight: "sensitive",
  method: "post",
  path: "/v1/sessions",
  tag: "sessions",
  summary: "A wallet signs in with a message (EIP-4361)",
  description:
    "Takes signatures of keys, of contract wallets (ERC-1271), also of those that are not deployed " +
    "yet (ERC-6492), and of delegated code (EIP-7702). The session ends when the message expires, " +
    "or earlier.",
  callers: ["anyone"],
  body: z.strictObject({
    message: z.string().max(SIGN_IN_CHARACTERS),
    signature: SignatureField,
    as: z
      .enum(["bearer", "cookie"])
      .default("bearer")
      .describe("`cookie` keeps the token from the page's scripts."),
    label: labelField(LABEL_CHARACTERS.session)
      .optional()
      .describe("Shown in lists; by default the `User-Agent`."),
  }),
  exampleBody: {
    message:
      "meter.example wants you to sign in with your Ethereum account:\n" +
      "0x90F79bf6EB2c4f870365E785982E1f101E93b906\n\n\n" +
      "URI: https://meter.example\nVersion: 1\nChain ID: 1\nNonce: 0123456789abcdef\n" +
      "Issued At: 2026-01-31T12:00:00.000Z",
    signature: `0x${"00".repeat(65)}`,
  },
  answers: {
    201: {
      description: "The session, with the only copy of its token unless a cookie has it.",
      schema: z.object({ ...sessionFields, token: z.string().optional() }).meta({ id: "SignedIn" }),
    },
  },
  reasons: ["foreign_origin", "sign_in_refused", "nonce_used", "invalid_signature"],
});

export const listSessions = route({
  id: "listSessions",
  method: "get",
  path: "/v1/sessions",
  tag: "sessions",
  summary: "The wallet's sessions, without their tokens",
  description: "The most recently used is first. There are at most 50.",
  callers: ["session"],
  answers: {
    200: {
      description: "The sessions.",
      schema: z.object({
        sessions: z.array(
          z
            .object({ ...sessionFields, isCurrent: z.boolean().describe("It sent this request.") })
            .meta({ id: "Session" }),
        ),
      }),
    },
  },
  reasons: [],
});

export const revokeSession = route({
  id: "revokeSession",
  weight: "sensitive",
  method: "post",
  path: "/v1/sessions/{id}/revocation",
  tag: "sessions",
  summary: "Ends one session, at once on all servers",
  callers: ["session"],
  params: z.strictObject({
    id: z.union([z.literal("current"), Bytes32Field], "must be current, or a session's id"),
  }),
  answers: {
    200: {
      description: "The session that ended.",
      schema: z.object({ address: AddressText, id: Bytes32Text }),
    },
  },
  reasons: ["session_not_found"],
});

export const revokeSessions = route({
  id: "revokeSessions",
  weight: "sensitive",
  method: "post",
  path: "/v1/sessions/revocation",
  tag: "sessions",
  summary: "Ends all sessions of the wallet",
  callers: ["session"],
  answers: {
    200: {
      description: "How many ended.",
      schema: z.object({ address: AddressText, revoked: z.int() }),
    },
  },
  reasons: [],
});
