import { z } from "zod";

import {
  AddressField,
  Bytes32Field,
  SecondsField,
  SignatureField,
} from "@compute-credits/protocol/json/fields";
import { EXAMPLE } from "../examples.ts";
import { AddressText, Bytes32Text, MicrosText, TimeText, UintText } from "../fields.ts";
import { route } from "../route.ts";

/** Bounds of automatic top-ups, the same on every server. */
export const TOP_UPS = {
  /** policies of an account that are not stopped */
  perAccount: 20,
  /** top-ups of each that an answer shows, newest first */
  shown: 10,
  /** the longest runway that may trigger one: a year */
  runwaySeconds: 31_536_000,
} as const;

const Micros = z
  .string()
  .regex(/^[1-9]\d{0,17}$/, "must be micro-credits above 0, as decimal text")
  .transform(BigInt);

const SentPolicy = z
  .strictObject({
    account: AddressField,
    payer: AddressField,
    keeper: AddressField,
    creditMicrosPerTopUp: Micros,
    maxCreditMicrosPerPeriod: Micros,
    periodSeconds: SecondsField,
    startsAt: SecondsField,
    expiresAt: SecondsField,
    salt: z
      .string()
      .regex(/^(0|[1-9]\d{0,76})$/, "must be a whole number below 10^77, as decimal text")
      .transform(BigInt),
  })
  .describe("What the payer signed: `TopUpPolicy` (EIP-712).");

const ShownTopUp = z.object({
  number: z.int().describe("The policy's first is 1."),
  state: z
    .enum(["open", "bought", "refused", "cancelled"])
    .describe("`open`: begun, and in no confirmed block yet."),
  begunAt: TimeText,
  sentAt: TimeText.nullable().describe("When a transaction last left; `null`: none has."),
  endedAt: TimeText.nullable(),
  transactionHash: Bytes32Text.nullable().describe("Of the one in the block."),
});

const TopUpPolicy = z
  .object({
    id: Bytes32Text.describe("The digest that the payer signed."),
    account: AddressText,
    payer: AddressText,
    keeper: AddressText,
    creditMicrosPerTopUp: MicrosText,
    maxCreditMicrosPerPeriod: MicrosText,
    periodSeconds: UintText,
    startsAt: UintText,
    expiresAt: UintText,
    salt: UintText,
    belowMicros: MicrosText,
    runwayBelowSeconds: UintText.nullable(),
    targetMicros: MicrosText,
    addedAt: TimeText,
    refusedAt: TimeText.nullable().describe("`null` once it has bought again."),
    refusal: z.string().nullable().describe("Why the last attempt bought nothing."),
    retryAt: TimeText.nullable().describe("It waits until then."),
    stoppedAt: TimeText.nullable(),
    stoppedAs: z
      .enum(["owner", "revoked", "expired", "used_up", "refusals"])
      .nullable()
      .describe("`owner`: by a request. `revoked`: by the payer, on chain."),
    topUps: z.array(ShownTopUp).max(TOP_UPS.shown).describe("The last ones, newest first."),
  })
  .meta({ id: "TopUpPolicy" });

const OF_ACCOUNT = z.strictObject({ address: AddressField });

export const addTopUpPolicy = route({
  id: "addTopUpPolicy",
  method: "post",
  path: "/v1/accounts/{address}/top-ups",
  tag: "accounts",
  summary: "Hands the keeper a signed top-up policy",
  description:
    "The keeper buys `creditMicrosPerTopUp` when the available credits fall below `belowMicros`, or " +
    "last shorter than `runwayBelowSeconds`, and goes on up to `targetMicros`. The payer must have " +
    "approved the vault. The vault enforces the policy's limits.",
  callers: ["owner"],
  params: OF_ACCOUNT,
  body: z.strictObject({
    policy: SentPolicy,
    signature: SignatureField.describe("Of the payer."),
    belowMicros: Micros,
    targetMicros: Micros.describe("At least `belowMicros` and one top-up."),
    runwayBelowSeconds: z.int().min(60).max(TOP_UPS.runwaySeconds).optional(),
  }),
  exampleBody: {
    policy: {
      account: EXAMPLE.address,
      payer: EXAMPLE.address,
      keeper: EXAMPLE.address,
      creditMicrosPerTopUp: "100000000",
      maxCreditMicrosPerPeriod: "1000000000",
      periodSeconds: "86400",
      startsAt: "0",
      expiresAt: "4102444800",
      salt: "1",
    },
    signature: `0x${"00".repeat(65)}`,
    belowMicros: "50000000",
    targetMicros: "300000000",
  },
  answers: { 200: { description: "The policy, added now or before.", schema: TopUpPolicy } },
  reasons: [
    "top_ups_not_offered",
    "top_up_policy_refused",
    "invalid_signature",
    "too_many_top_up_policies",
  ],
});

export const listTopUpPolicies = route({
  id: "listTopUpPolicies",
  method: "get",
  path: "/v1/accounts/{address}/top-ups",
  tag: "accounts",
  summary: "The account's top-up policies, and what they bought",
  description: "Those in force and the last stopped ones, at most 100.",
  callers: ["owner", "viewKey", "operator", "auditor"],
  params: OF_ACCOUNT,
  answers: {
    200: {
      description: "The policies, oldest first.",
      schema: z.object({
        keeper: AddressText.nullable().describe("Name it in a policy; `null`: not offered."),
        policies: z.array(TopUpPolicy).max(100),
      }),
    },
  },
  reasons: [],
});

export const stopTopUpPolicy = route({
  id: "stopTopUpPolicy",
  method: "post",
  path: "/v1/accounts/{address}/top-ups/{policy}/stop",
  tag: "accounts",
  summary: "Has the keeper stop a top-up policy, for good",
  description:
    "A transaction that was sent already may still buy once: then an entry of `topUps` is `open`, " +
    "and the keeper tries to replace it. Its payer ends a policy for every keeper with `revokeTopUp` " +
    "of the vault.",
  callers: ["owner", "operator"],
  params: z.strictObject({ address: AddressField, policy: Bytes32Field }),
  body: z.strictObject({}),
  exampleBody: {},
  answers: { 200: { description: "The stopped policy.", schema: TopUpPolicy } },
  reasons: ["top_up_policy_not_found"],
});
