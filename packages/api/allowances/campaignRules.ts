import { z } from "zod";

import { ScopeJson } from "@compute-credits/protocol/json/allowance";
import {
  AddressField,
  SecondsField,
  SignatureField,
  uintField,
} from "@compute-credits/protocol/json/fields";
import { RULE_KINDS } from "@compute-credits/protocol/json/ruleKinds";
import { EXAMPLE } from "../examples.ts";
import { Bytes32Text, MicrosText, TimeText, UintText } from "../fields.ts";
import { route } from "../route.ts";
import { AllowanceParams } from "./allowances.ts";
import { GrantTerms, ISSUING_REASONS } from "./grantTerms.ts";
import { SHOWN_ALLOWANCE } from "./shownAllowance.ts";

const atLeastOne = (bits: 63) => uintField(bits).refine((n) => n > 0n, "must be at least 1");

const CampaignRule = z
  .object({
    campaign: Bytes32Text,
    kind: z.enum(RULE_KINDS).describe("What is asked of an account: see docs/onboarding.md."),
    atLeastMicros: MicrosText.describe("What it must have bought, spent or earned."),
    limit: MicrosText.describe("What each grant gives."),
    period: UintText,
    rollover: MicrosText,
    priority: z.int().nullable(),
    scope: ScopeJson.nullable(),
    maxGrants: UintText.describe("The most accounts that are granted to."),
    grants: UintText.describe("How many were."),
    claimBy: UintText.describe("Seconds since 1970; 0 until the campaign expires."),
    validSeconds: UintText.describe("From a claim on; 0 until the campaign expires."),
    sinceBlock: UintText.describe("Purchases of later blocks count."),
    setAt: TimeText.describe("Work from then on counts."),
    closedAt: TimeText.nullable(),
  })
  .meta({ id: "CampaignRule" });

export const setCampaignRule = route({
  id: "setCampaignRule",
  method: "post",
  path: "/v1/allowances/{id}/rule",
  tag: "campaigns",
  summary: "Sets what accounts must have done for a grant",
  description:
    "For good, and one for each campaign: the same rule again changes nothing. It counts what " +
    "accounts do from now on. A rule that no account could meet is refused.",
  callers: ["issuer"],
  params: AllowanceParams,
  body: GrantTerms.extend({
    kind: z.enum(RULE_KINDS),
    atLeastMicros: atLeastOne(63),
    maxGrants: atLeastOne(63),
    claimBy: SecondsField.default(0n),
    validSeconds: SecondsField.default(0n),
  }),
  exampleBody: {
    kind: "first_purchase",
    atLeastMicros: "10000000",
    limit: "5000000",
    maxGrants: "1000",
    validSeconds: 2_592_000,
  },
  answers: {
    200: { description: "The rule, which was set before.", schema: CampaignRule },
    201: { description: "The rule.", schema: CampaignRule },
  },
  reasons: [
    ...ISSUING_REASONS,
    "rule_conflict",
    "rule_never_met",
    "beyond_campaign",
    "times_out_of_range",
    "expires_before_start",
    "batch_too_large",
    "label_too_long",
  ],
});

export const getCampaignRule = route({
  id: "getCampaignRule",
  method: "get",
  path: "/v1/allowances/{id}/rule",
  tag: "campaigns",
  summary: "What accounts must have done for a grant",
  description: "An offer to accounts that the campaign's owner does not know yet, so it is public.",
  callers: ["anyone"],
  params: AllowanceParams,
  answers: { 200: { description: "The rule.", schema: CampaignRule } },
  reasons: ["allowance_not_found", "rule_not_found"],
});

export const closeCampaignRule = route({
  id: "closeCampaignRule",
  method: "post",
  path: "/v1/allowances/{id}/rule/closure",
  tag: "campaigns",
  summary: "Closes a campaign's rule",
  description: "Once answered, nothing can be claimed any more. Its grants stay.",
  callers: ["issuer"],
  params: AllowanceParams,
  body: z.strictObject({}).optional(),
  exampleBody: {},
  answers: { 200: { description: "The rule, closed.", schema: CampaignRule } },
  reasons: ["allowance_not_found", "rule_not_found"],
});

const ClaimedGrant = z
  .object({ ...SHOWN_ALLOWANCE, repeated: z.boolean() })
  .meta({ id: "ClaimedGrant" });

const Claimed = {
  account: AddressField.describe("Whose grant it is: an account is granted to once."),
  referrer: AddressField.optional().describe("The account that brought it, of a referral."),
};

export const claimGrant = route({
  id: "claimGrant",
  weight: "sensitive",
  method: "post",
  path: "/v1/allowances/{id}/claims",
  tag: "campaigns",
  summary: "Claims an account's grant of a campaign's rule",
  description:
    "The account's wallet signs that it accepts the campaign's account, or a key that the account " +
    "signed an allowance for is in the header. Again it has the same grant.",
  callers: ["spender"],
  params: AllowanceParams,
  body: z.union(
    [
      z.strictObject(Claimed),
      z.strictObject({
        ...Claimed,
        signedAt: uintField(63).describe("Milliseconds since 1970, later than any before."),
        signature: SignatureField,
      }),
    ],
    'must be {"account"} with a key, or {"account", "signedAt", "signature"}, and "referrer"',
  ),
  exampleBody: {
    account: EXAMPLE.address,
    signedAt: EXAMPLE.signedAt,
    signature: EXAMPLE.signature,
  },
  answers: {
    200: { description: "The grant of the first claim.", schema: ClaimedGrant },
    201: { description: "The grant.", schema: ClaimedGrant },
  },
  reasons: [
    ...ISSUING_REASONS,
    "rule_not_found",
    "rule_closed",
    "rule_expired",
    "rule_used_up",
    "rule_not_met",
    "rule_never_met",
    "wrong_referrer",
    "grant_already_claimed",
    "not_the_accounts_spender",
    "beyond_campaign",
    "times_out_of_range",
    "expires_before_start",
    "too_many_grants",
    "too_many_allowances",
    "too_many_acceptances",
    "acceptance_outdated",
  ],
});
