import { z } from "zod";

import { ScopeJson } from "@compute-credits/protocol/json/allowance";
import {
  Bytes32Field,
  SecondsField,
  SpenderField,
  boundedList,
  uintField,
} from "@compute-credits/protocol/json/fields";
import { MAX_GRANTS_PER_REQUEST, PAGES } from "../bounds.ts";
import { EXAMPLE } from "../examples.ts";
import { Bytes32Text, MicrosText, NextCursor, TimeText, UintText } from "../fields.ts";
import { Problem } from "../openapi/problem.ts";
import { route } from "../route.ts";
import { AllowanceParams, PageQuery } from "./allowances.ts";
import { GrantTerms, ISSUING_REASONS, OUTCOME_COUNTS } from "./grantTerms.ts";
import { SHOWN_ALLOWANCE } from "./shownAllowance.ts";
import { WALLET_PROOF } from "./walletProof.ts";

const CodeOutcome = z
  .discriminatedUnion("result", [
    z.object({
      codeHash: Bytes32Text,
      result: z.literal("added"),
      repeated: z.boolean().describe("Whether it was added before."),
    }),
    z.object({ codeHash: Bytes32Text, result: z.literal("refused"), problem: Problem }),
  ])
  .meta({ id: "CodeOutcome" });

export const addCodes = route({
  id: "addCodes",
  method: "post",
  path: "/v1/allowances/{id}/codes",
  tag: "campaigns",
  summary: "Adds promotion codes by their hashes",
  description:
    "Each redemption of a code is a grant with its terms. Adding a code again with the same terms " +
    "changes nothing.",
  callers: ["issuer"],
  params: AllowanceParams,
  body: z.strictObject({
    codes: boundedList(
      GrantTerms.extend({
        codeHash: Bytes32Field,
        maxRedemptions: uintField(63)
          .refine((most) => most > 0n, "must be at least 1")
          .default(1n),
        redeemBy: SecondsField.default(0n),
        validSeconds: SecondsField.default(0n),
      }),
      MAX_GRANTS_PER_REQUEST,
    ),
  }),
  exampleBody: { codes: [{ codeHash: EXAMPLE.bytes32, limit: "5000000", validSeconds: 86_400 }] },
  answers: {
    200: {
      description: "One outcome for each code, in order.",
      schema: z.object({
        outcomes: z.array(CodeOutcome).max(MAX_GRANTS_PER_REQUEST),
        ...OUTCOME_COUNTS,
      }),
    },
  },
  reasons: [...ISSUING_REASONS, "batch_too_large", "label_too_long"],
});

const PromotionCode = z
  .object({
    codeHash: Bytes32Text,
    limit: MicrosText,
    period: UintText,
    rollover: MicrosText,
    priority: z.int().nullable(),
    scope: ScopeJson.nullable(),
    maxRedemptions: UintText,
    redeemBy: UintText.describe("Seconds since 1970; 0 until the campaign expires."),
    validSeconds: UintText.describe("From its redemption on; 0 until the campaign expires."),
    redemptions: UintText,
    closedAt: TimeText.nullable(),
  })
  .meta({ id: "PromotionCode" });

export const listCodes = route({
  id: "listCodes",
  method: "get",
  path: "/v1/allowances/{id}/codes",
  tag: "campaigns",
  summary: "The codes and how often each was redeemed",
  callers: ["owner", "theIssuer", "operator", "auditor"],
  params: AllowanceParams,
  query: PageQuery,
  answers: {
    200: {
      description: "A page of codes, by hash.",
      schema: z.object({
        codes: z.array(PromotionCode).max(PAGES.list.most),
        nextCursor: NextCursor,
      }),
    },
  },
  reasons: ["allowance_not_found"],
});

export const closeCode = route({
  id: "closeCode",
  method: "post",
  path: "/v1/allowances/{id}/codes/{codeHash}/closure",
  tag: "campaigns",
  summary: "Closes a code",
  description: "Once answered, the code can no longer be redeemed. Its grants stay.",
  callers: ["issuer"],
  params: AllowanceParams.extend({ codeHash: Bytes32Field }),
  body: z.strictObject({}).optional(),
  exampleBody: {},
  answers: { 200: { description: "The code, closed.", schema: PromotionCode } },
  reasons: ["allowance_not_found", "code_not_found"],
});

/** The code as it was printed, without the spaces that people type around it. */
const CodeField = z.string().trim().min(4).max(128);

const RedeemedGrant = z
  .object({ ...SHOWN_ALLOWANCE, repeated: z.boolean() })
  .meta({ id: "RedeemedGrant" });

export const redeemCode = route({
  id: "redeemCode",
  weight: "sensitive",
  method: "post",
  path: "/v1/allowances/{id}/redemptions",
  tag: "campaigns",
  summary: "Redeems a code for a grant",
  description:
    "The spender's key in the header speaks for it; a wallet signs that it accepts the account. " +
    "A spender redeems a code once.",
  callers: ["spender"],
  params: AllowanceParams,
  body: z.union(
    [
      z.strictObject({ code: CodeField, spender: SpenderField.optional() }),
      z.strictObject({ code: CodeField, ...WALLET_PROOF }),
    ],
    'must be {"code"} with the key, or {"code", "spender", "signedAt", "signature"}',
  ),
  exampleBody: {
    code: "WELCOME-2026",
    spender: EXAMPLE.address,
    signedAt: EXAMPLE.signedAt,
    signature: EXAMPLE.signature,
  },
  answers: {
    200: { description: "The grant of the first redemption.", schema: RedeemedGrant },
    201: { description: "The grant.", schema: RedeemedGrant },
  },
  reasons: [
    ...ISSUING_REASONS,
    "code_not_found",
    "code_closed",
    "code_expired",
    "code_used_up",
    "beyond_campaign",
    "times_out_of_range",
    "expires_before_start",
    "too_many_grants",
    "too_many_allowances",
    "too_many_acceptances",
    "acceptance_outdated",
  ],
});
