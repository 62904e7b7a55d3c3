import { z } from "zod";

import { AddressText, Bytes32Text, TimeText, UintText } from "../fields.ts";
import { route } from "../route.ts";

/** What a caller may do. Each right concerns only what the caller's credentials are of. */
export const RIGHTS = {
  read_public: "The deployment, cards, prices, checkpoints, rows, proofs and health.",
  read_account: "Balances, usage, budgets and allowances of the account.",
  read_spender: "The spender's own budgets, acceptances and usage.",
  read_provider: "The provider's own debits and earnings.",
  read_all: "What every party may read of itself, and reports of all.",
  accept_accounts: "Accepting accounts, and ending that.",
  charge: "Usage, holds, captures, voids and rate cards.",
  issue_grants: "Grants and codes out of the account's campaigns.",
  manage_keys: "Labels, rotation and revocation of the wallet's keys, and its view keys.",
  manage_sessions: "Listing and ending the wallet's sessions.",
} as const;

export type Right = keyof typeof RIGHTS;

const RIGHT_NAMES = [
  "read_public",
  "read_account",
  "read_spender",
  "read_provider",
  "read_all",
  "accept_accounts",
  "charge",
  "issue_grants",
  "manage_keys",
  "manage_sessions",
] as const satisfies readonly Right[];

export const ROLES = ["operator", "auditor", "provider"] as const;

export type Role = (typeof ROLES)[number];

const may = {
  roles: z.array(z.enum(ROLES)),
  rights: z
    .array(z.enum(RIGHT_NAMES))
    .describe(RIGHT_NAMES.map((name) => `\`${name}\`: ${RIGHTS[name]}`).join(" ")),
};

const expiresAt = TimeText;
const keyHash = Bytes32Text;

const Me = z
  .discriminatedUnion("kind", [
    z.object({ kind: z.literal("anyone"), ...may }),
    z.object({
      kind: z.literal("session"),
      address: AddressText,
      sessionId: Bytes32Text,
      expiresAt,
      ...may,
    }),
    z.object({ kind: z.literal("wallet"), address: AddressText, expiresAt, ...may }),
    z.object({ kind: z.literal("spenderKey"), spender: Bytes32Text, ...may }),
    z.object({ kind: z.literal("providerKey"), provider: AddressText, keyHash, ...may }),
    z.object({
      kind: z.literal("issuingKey"),
      account: AddressText,
      campaign: Bytes32Text.describe("The only campaign; 0 for all of the account."),
      counter: UintText,
      keyHash,
      ...may,
    }),
    z.object({ kind: z.literal("viewKey"), account: AddressText, keyHash, expiresAt, ...may }),
  ])
  .meta({ id: "Me" });

export const getMe = route({
  id: "getMe",
  method: "get",
  path: "/v1/me",
  tag: "sessions",
  summary: "Who the caller is, and what it may do",
  description:
    "Answers for credentials of every kind. The log may also be read by the contract's signers, " +
    "whom this answer does not name `auditor`.",
  callers: ["anyone", "known"],
  answers: { 200: { description: "The caller.", schema: Me } },
  reasons: [],
});
