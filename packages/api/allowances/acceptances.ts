import { z } from "zod";

import { AddressField, SpenderField } from "@compute-credits/protocol/json/fields";
import { PAGES } from "../bounds.ts";
import { EXAMPLE } from "../examples.ts";
import {
  AddressText,
  Bytes32Text,
  MicrosText,
  NextCursor,
  TimeText,
  limitField,
} from "../fields.ts";
import { route } from "../route.ts";
import { WALLET_PROOF } from "./walletProof.ts";

/** The account, with the spender's key in the header; a wallet signs instead. */
const AcceptanceBody = z.union(
  [
    z.strictObject({ account: AddressField }),
    z.strictObject({ account: AddressField, ...WALLET_PROOF }),
  ],
  'must be {"account"} with the key, or {"account", "spender", "signedAt", "signature"}',
);

const exampleBody = {
  account: EXAMPLE.address,
  spender: EXAMPLE.address,
  signedAt: EXAMPLE.signedAt,
  signature: EXAMPLE.signature,
};

const Acceptance = z
  .object({
    spender: Bytes32Text,
    account: AddressText,
    accepted: z.boolean(),
    availableMicros: MicrosText.describe("What the account has available."),
    changedAt: TimeText,
  })
  .meta({ id: "Acceptance" });

export const acceptAccount = route({
  id: "acceptAccount",
  method: "post",
  path: "/v1/acceptances",
  tag: "acceptances",
  summary: "Lets an account pay for the spender",
  description: "With the spender's key in the header, or what its wallet signed in the body.",
  callers: ["spender"],
  body: AcceptanceBody,
  exampleBody,
  answers: {
    200: { description: "The account's allowances counted already.", schema: Acceptance },
    201: { description: "The account's allowances count for the spender.", schema: Acceptance },
  },
  reasons: ["allowance_not_found", "acceptance_outdated", "too_many_acceptances"],
});

export const endAcceptance = route({
  id: "endAcceptance",
  method: "post",
  path: "/v1/acceptances/end",
  tag: "acceptances",
  summary: "Ends that",
  description: "With the spender's key in the header, or what its wallet signed in the body.",
  callers: ["spender"],
  body: AcceptanceBody,
  exampleBody,
  answers: {
    200: { description: "The account pays for nothing new.", schema: Acceptance },
  },
  reasons: [
    "allowance_not_found",
    "acceptance_not_found",
    "acceptance_outdated",
    "too_many_acceptances",
  ],
});

const SpenderParams = z.strictObject({ spender: SpenderField });

const AccountsQuery = z.strictObject({
  cursor: AddressField.optional(),
  limit: limitField(PAGES.list),
});

export const listAcceptances = route({
  id: "listAcceptances",
  method: "get",
  path: "/v1/spenders/{spender}/acceptances",
  tag: "acceptances",
  summary: "Accounts that the spender accepts, by address",
  description: "A spender reads its own with its key before any account pays for it, too.",
  callers: ["theSpender", "operator", "auditor"],
  params: SpenderParams,
  query: AccountsQuery,
  answers: {
    200: {
      description: "A page of acceptances.",
      schema: z.object({
        acceptances: z.array(Acceptance).max(PAGES.list.most),
        nextCursor: NextCursor,
      }),
    },
  },
  reasons: [],
});

const Offer = z
  .object({
    spender: Bytes32Text,
    account: AddressText,
    availableMicros: MicrosText.describe("What the account has available."),
    allowances: z.int().min(1).describe("How many allowances wait."),
    since: TimeText.describe("When the oldest of them was posted."),
  })
  .meta({ id: "Offer" });

export const listOffers = route({
  id: "listOffers",
  method: "get",
  path: "/v1/spenders/{spender}/offers",
  tag: "acceptances",
  summary: "Accounts that wait for its acceptance, by address",
  description: "A spender reads its own with its key before any account pays for it, too.",
  callers: ["theSpender", "operator", "auditor"],
  params: SpenderParams,
  query: AccountsQuery,
  answers: {
    200: {
      description: "A page of offers.",
      schema: z.object({ offers: z.array(Offer).max(PAGES.list.most), nextCursor: NextCursor }),
    },
  },
  reasons: [],
});
