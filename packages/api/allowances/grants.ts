import { z } from "zod";

import {
  AddressField,
  EventIdField,
  SpenderField,
  boundedList,
  uintField,
} from "@compute-credits/protocol/json/fields";
import { MAX_GRANTS_PER_REQUEST, PAGES } from "../bounds.ts";
import { EXAMPLE } from "../examples.ts";
import { Bytes32Text, NextCursor } from "../fields.ts";
import { Problem } from "../openapi/problem.ts";
import { route } from "../route.ts";
import { AllowanceParams, PageQuery } from "./allowances.ts";
import { GrantTerms, ISSUING_REASONS, OUTCOME_COUNTS } from "./grantTerms.ts";
import { SHOWN_ALLOWANCE, ShownAllowance } from "./shownAllowance.ts";

const GrantOutcome = z
  .discriminatedUnion("result", [
    z.object({
      id: z.string(),
      result: z.literal("granted"),
      allowance: Bytes32Text.describe("The id of the grant's allowance."),
      repeated: z.boolean().describe("Whether it was issued before."),
    }),
    z.object({ id: z.string(), result: z.literal("refused"), problem: Problem }),
  ])
  .meta({ id: "GrantOutcome" });

export const issueGrants = route({
  id: "issueGrants",
  method: "post",
  path: "/v1/allowances/{id}/grants",
  tag: "campaigns",
  summary: "Issues grants, with one outcome for each",
  description:
    "Grants are further allowances within the terms of a campaign, an allowance that its owner " +
    "signed, without another signature over each. Issuing one again with the same `id` and " +
    "content changes nothing.",
  callers: ["issuer"],
  params: AllowanceParams,
  body: z.strictObject({
    grants: boundedList(
      GrantTerms.extend({
        id: EventIdField.describe("The issuer's own, unique in the campaign."),
        spender: SpenderField,
        startsAt: uintField(64).nullable().default(null),
        expiresAt: uintField(64).nullable().default(null),
      }),
      MAX_GRANTS_PER_REQUEST,
    ),
  }),
  exampleBody: { grants: [{ id: "march-7", spender: EXAMPLE.bytes32, limit: "5000000" }] },
  answers: {
    200: {
      description: "One outcome for each grant, in order.",
      schema: z.object({
        outcomes: z.array(GrantOutcome).max(MAX_GRANTS_PER_REQUEST),
        ...OUTCOME_COUNTS,
      }),
    },
  },
  reasons: [...ISSUING_REASONS, "batch_too_large", "label_too_long"],
});

const Grant = z
  .object({
    key: z.string().describe("The `id` that its issuer gave it, or that of a code's redemption."),
    issuer: Bytes32Text.nullable().describe(
      "The issuing key's hash, or the owner's address as a spender; `null` of the oldest grants.",
    ),
    campaignId: Bytes32Text,
    ...SHOWN_ALLOWANCE,
  })
  .meta({ id: "Grant" });

const grantList = { grants: z.array(Grant).max(PAGES.list.most), nextCursor: NextCursor };

export const listGrants = route({
  id: "listGrants",
  method: "get",
  path: "/v1/allowances/{id}/grants",
  tag: "campaigns",
  summary: "The campaign and its grants, oldest first",
  callers: ["owner", "theIssuer", "viewKey", "operator", "auditor"],
  params: AllowanceParams,
  query: PageQuery,
  answers: {
    200: {
      description: "A page of grants, and the campaign.",
      schema: z.object({ campaign: ShownAllowance, ...grantList }),
    },
  },
  reasons: ["allowance_not_found"],
});

export const listAccountGrants = route({
  id: "listAccountGrants",
  method: "get",
  path: "/v1/accounts/{address}/grants",
  tag: "campaigns",
  summary: "All grants out of an account, oldest first",
  callers: ["owner", "viewKey", "operator", "auditor"],
  params: z.strictObject({ address: AddressField }),
  query: PageQuery,
  answers: { 200: { description: "A page of grants.", schema: z.object(grantList) } },
  reasons: [],
});
