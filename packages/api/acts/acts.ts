import { z } from "zod";

import { AddressField } from "@compute-credits/protocol/json/fields";
import { PAGES } from "../bounds.ts";
import {
  AddressText,
  NextCursor,
  NumberedCursor,
  TimeText,
  UintText,
  limitField,
} from "../fields.ts";
import { route } from "../route.ts";

/** How an actor showed itself. */
export const ACTOR_KINDS = [
  "session",
  "wallet",
  "signature",
  "spenderKey",
  "providerKey",
  "issuingKey",
  "unknown",
] as const;

const Actor = z.object({
  kind: z
    .enum(ACTOR_KINDS)
    .describe("How it showed itself: `signature` is a signed message in the body."),
  id: z
    .string()
    .nullable()
    .describe("The wallet's or provider's address, the spender, or the issuing key's hash."),
});

const Act = z
  .object({
    id: UintText,
    at: TimeText,
    act: z.string().describe("The `operationId` of the route."),
    actor: Actor,
    account: AddressText.nullable().describe("The account that it is about."),
    provider: AddressText.nullable().describe("The provider that it is about."),
    clientAddress: z.string().describe("The IP address that the request came from."),
    details: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .describe("What the request named: ids, limits, times, labels. Never a key or a signature."),
  })
  .meta({ id: "Act" });

export const listActs = route({
  id: "listActs",
  method: "get",
  path: "/v1/acts",
  tag: "acts",
  summary: "Who changed what, when and from where, newest first",
  description:
    "Each request that changed keys, sessions, allowances, grants, codes, approvals, access or " +
    "cards, recorded in the transaction of its change. Nothing is ever changed or removed. Owners " +
    "name their `account`, providers their `provider`; operators need neither.",
  callers: ["owner", "theProvider", "operator"],
  query: z.strictObject({
    account: AddressField.optional(),
    provider: AddressField.optional(),
    act: z.string().max(64).optional().describe("Only acts of this `operationId`."),
    cursor: NumberedCursor.optional(),
    limit: limitField(PAGES.list),
  }),
  answers: {
    200: {
      description: "A page of acts.",
      schema: z.object({ acts: z.array(Act).max(PAGES.list.most), nextCursor: NextCursor }),
    },
  },
  reasons: [],
});
