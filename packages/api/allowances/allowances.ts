import { z } from "zod";

import { AllowanceJson, ScopeJson } from "@compute-credits/protocol/json/allowance";
import { AddressField, Bytes32Field, SignatureField } from "@compute-credits/protocol/json/fields";
import { PAGES } from "../bounds.ts";
import { EXAMPLE } from "../examples.ts";
import { NextCursor, limitField } from "../fields.ts";
import { route } from "../route.ts";
import { ShownAllowance } from "./shownAllowance.ts";

/** The path of one allowance's routes. */
export const AllowanceParams = z.strictObject({ id: Bytes32Field });

/** A page of allowances, of grants or of codes. */
export const PageQuery = z.strictObject({
  cursor: Bytes32Field.optional(),
  limit: limitField(PAGES.list),
});

export const listAllowances = route({
  id: "listAllowances",
  method: "get",
  path: "/v1/accounts/{address}/allowances",
  tag: "allowances",
  summary: "Allowances that the owner signed, oldest first",
  callers: ["owner", "viewKey", "operator", "auditor"],
  params: z.strictObject({ address: AddressField }),
  query: PageQuery,
  answers: {
    200: {
      description: "A page of allowances, without the grants out of them.",
      schema: z.object({
        allowances: z.array(ShownAllowance).max(PAGES.list.most),
        nextCursor: NextCursor,
      }),
    },
  },
  reasons: [],
});

export const addAllowance = route({
  id: "addAllowance",
  method: "post",
  path: "/v1/allowances",
  tag: "allowances",
  summary: "Stores a signed allowance",
  description:
    "The same answer if it is sent again. With the spender's key in the header, the spender also " +
    "accepts the account.",
  callers: ["signer", "spender"],
  body: z.strictObject({
    allowance: AllowanceJson,
    scope: ScopeJson.default({ providers: [], meters: [] }).describe(
      "The lists whose hash is `allowance.scope`; may be left out if that is zero.",
    ),
    signature: SignatureField,
  }),
  exampleBody: {
    allowance: {
      account: EXAMPLE.address,
      spender: EXAMPLE.bytes32,
      limit: "5000000",
      period: "2592000",
      rollover: "0",
      startsAt: "0",
      expiresAt: "0",
      priority: 100,
      scope: `0x${"00".repeat(32)}`,
      accountCap: "100000000",
      counter: "0",
      salt: "1",
    },
    signature: EXAMPLE.signature,
  },
  answers: { 201: { description: "The allowance.", schema: ShownAllowance } },
  reasons: [
    "label_too_long",
    "scope_mismatch",
    "times_out_of_range",
    "expires_before_start",
    "allowance_expired",
    "stale_counter",
    "counter_not_reached",
    "account_without_credits",
    "too_many_acceptances",
    "too_many_allowances",
  ],
});

export const getAllowance = route({
  id: "getAllowance",
  method: "get",
  path: "/v1/allowances/{id}",
  tag: "allowances",
  summary: "One allowance and its use",
  callers: ["owner", "viewKey", "theSpender", "theIssuer", "operator", "auditor"],
  params: AllowanceParams,
  answers: { 200: { description: "The allowance, or the grant.", schema: ShownAllowance } },
  reasons: ["allowance_not_found"],
});

export const revokeAllowance = route({
  id: "revokeAllowance",
  method: "post",
  path: "/v1/allowances/{id}/revocation",
  tag: "allowances",
  summary: "Ends an allowance, or a grant, for good",
  description:
    "The owner signs `AllowanceRevocation`. The issuer of a grant sends its credentials instead, " +
    "and `{}`. Once answered, the allowance pays for nothing more.",
  callers: ["signer", "issuer"],
  params: AllowanceParams,
  body: z.union(
    [z.strictObject({ signature: SignatureField }), z.strictObject({})],
    'must be {"signature"}, or {} with the credentials of the grant\'s issuer',
  ),
  exampleBody: { signature: EXAMPLE.signature },
  answers: { 200: { description: "The allowance, revoked.", schema: ShownAllowance } },
  reasons: ["allowance_not_found"],
});
