import { z } from "zod";

import { AllowanceJson, ScopeJson } from "@compute-credits/protocol/json/allowance";
import { CheckpointJson } from "@compute-credits/protocol/json/checkpoint";
import { RULE_KINDS } from "@compute-credits/protocol/json/ruleKinds";
import { AddressText, Bytes32Text, HexText, MicrosText, TimeText, UintText } from "../fields.ts";
import { PriceBasis, TierUse } from "../pricing/priceBasis.ts";
import { Rate } from "../pricing/rates.ts";

const place = {
  order: UintText.describe("Unique, and ascending in the order of events for each account."),
  transaction: UintText.describe("A checkpoint holds what its snapshot sees of it."),
};

/** An entry of one kind. */
function entry<Kind extends string, Shape extends z.ZodRawShape>(kind: Kind, shape: Shape) {
  return z.strictObject({ kind: z.literal(kind), ...place, ...shape });
}

const signature = HexText;
const signed = { signature: HexText.nullable().describe("`null`: nobody signed it.") };
const signedAllowance = {
  id: Bytes32Text,
  message: AllowanceJson,
  scope: ScopeJson,
  createdAt: TimeText,
  predatesAcceptance: z
    .boolean()
    .describe("It counted before spenders accepted accounts, so it needs no acceptance."),
};

const measured = {
  meter: z.string(),
  quantity: UintText,
  dimensions: z.record(z.string(), z.string()),
};
const work = { provider: AddressText, id: z.string(), spender: Bytes32Text, ...measured };
const line = z.string().optional().describe("Of the hold; absent: its line `main`.");

const linear = { rateCardVersion: z.int(), microCredits: MicrosText, perUnits: UintText };
const tiered = { usedUnits: UintText, use: TierUse };
const VolumeRate = z.strictObject({
  kind: z.literal("volume"),
  ...linear,
  tier: z.int().min(0),
  ...tiered,
});
const GraduatedRate = z.strictObject({
  kind: z.literal("graduated"),
  rateCardVersion: z.int(),
  perUnits: UintText,
  tiers: z.array(z.strictObject({ upTo: UintText.nullable(), microCredits: MicrosText })),
  ...tiered,
});

/** The price that a hold pinned. */
const PinnedRate = z
  .union([
    z.strictObject({ kind: z.literal("fixed"), ...linear }),
    z.strictObject({ kind: z.literal("dynamic"), ...linear, multiplierBps: UintText }),
    VolumeRate,
    GraduatedRate,
    z.strictObject({
      kind: z.literal("shared"),
      rateCardVersion: z.int(),
      shares: z.array(
        z.strictObject({
          micros: MicrosText,
          units: UintText,
          rate: z.union([VolumeRate, GraduatedRate]),
        }),
      ),
    }),
  ])
  .meta({ id: "PinnedRate" });

const registeredKey = { provider: AddressText, keyHash: Bytes32Text, ...signed, at: TimeText };

const codeTerms = z.strictObject({
  limit: UintText,
  period: UintText,
  rollover: UintText,
  priority: z.int().nullable(),
  scope: ScopeJson.nullable(),
  redeemBy: UintText,
  validSeconds: UintText,
});

const ruleTerms = z.strictObject({
  kind: z.enum(RULE_KINDS),
  atLeastMicros: MicrosText,
  limit: UintText,
  period: UintText,
  rollover: UintText,
  priority: z.int().nullable(),
  scope: ScopeJson.nullable(),
  maxGrants: UintText,
  claimBy: UintText,
  validSeconds: UintText,
});

/** The kinds of entries that `GET /v1/log` answers. docs/log-archive.md says what each does. */
export const LOG_ENTRIES = [
  entry("allowance", { ...signedAllowance, signature }),
  entry("grant", {
    ...signedAllowance,
    campaign: Bytes32Text,
    key: z.string().describe("The issuer's id of the grant, or of what was redeemed."),
    issuer: Bytes32Text.nullable().describe("`null`: from before there were issuing keys."),
  }),
  entry("revocation", { allowance: Bytes32Text, ...signed }),
  entry("access", { spender: Bytes32Text, provider: AddressText, ...signed, createdAt: TimeText }),
  entry("access_end", { spender: Bytes32Text, provider: AddressText, ...signed }),
  entry("acceptance", {
    spender: Bytes32Text,
    account: AddressText,
    accepted: z.boolean(),
    how: z.enum(["key", "wallet", "own", "issuer"]),
    ...signed,
    signedAt: UintText.describe("Seconds since 1970; 0 without a signature."),
    at: TimeText,
  }),
  entry("card", {
    card: z.strictObject({
      version: z.int(),
      provider: AddressText.nullable().describe("`null`: the operator's."),
      effectiveFrom: TimeText,
      rates: z.array(Rate),
    }),
    createdAt: TimeText,
  }),
  entry("multiplier", {
    provider: AddressText,
    rateKey: z.string(),
    step: z.strictObject({
      step: z.int(),
      effectiveFrom: TimeText,
      utilisationBps: UintText,
      beforeBps: UintText,
      afterBps: UintText,
      rateCardVersion: z.int(),
    }),
  }),
  entry("hold", {
    ...work,
    line,
    rate: PinnedRate,
    allowances: z.array(Bytes32Text).describe("In the order in which they pay."),
    createdAt: TimeText,
    expiresAt: TimeText,
    quoteExpiresAt: TimeText.nullable(),
  }),
  entry("hold_lot", {
    provider: AddressText,
    id: z.string().describe("The hold's."),
    line,
    ...measured,
    rate: PinnedRate,
    allowances: z.array(Bytes32Text).describe("In the order in which they pay."),
    heldAt: TimeText,
  }),
  entry("hold_extension", {
    provider: AddressText,
    id: z.string().describe("The hold's."),
    extension: z.string(),
    ttlSeconds: z.int().nullable().describe("As it was asked for."),
    lines: z.array(z.strictObject({ line: z.string(), quantity: UintText })),
    expiresAt: TimeText.describe("The hold's end since."),
    at: TimeText,
  }),
  entry("hold_end", {
    provider: AddressText,
    id: z.string(),
    as: z.enum(["captured", "released", "expired"]),
    at: TimeText,
  }),
  entry("debit", {
    ...work,
    occurredAt: TimeText,
    recordedAt: TimeText,
    rateCardVersion: z.int(),
    priceBasis: PriceBasis.nullable(),
    holdId: z.string().nullable().describe("Of a capture."),
    line,
    charges: z
      .array(
        z.strictObject({
          account: AddressText,
          allowance: Bytes32Text,
          amountMicros: MicrosText,
          feeMicros: MicrosText.describe("The operator's part of the amount."),
        }),
      )
      .min(1)
      .describe("What each allowance paid."),
  }),
  entry("void", {
    provider: AddressText,
    id: z.string(),
    amountMicros: MicrosText,
    at: TimeText,
  }),
  entry("blocks", { from: UintText, to: UintText }),
  entry("missed_events", {
    upTo: UintText,
    events: z.array(z.strictObject({ block: UintText, logIndex: z.int().min(0) })).min(1),
  }),
  entry("passed_block", { block: UintText, hash: Bytes32Text }),
  entry("refund", { account: AddressText, amountMicros: MicrosText }),
  entry("receipt", { provider: AddressText, earned: MicrosText, epoch: UintText, at: TimeText }),
  entry("write_off", {
    account: AddressText,
    payer: AddressText,
    amountMicros: MicrosText,
    at: TimeText,
    chainTime: TimeText,
  }),
  entry("issuing_key", {
    account: AddressText,
    keyHash: Bytes32Text,
    campaign: Bytes32Text,
    counter: UintText,
    signature,
  }),
  entry("issuing_key_end", {
    account: AddressText,
    keyHash: Bytes32Text,
    revokesGrants: z.boolean(),
    signature,
  }),
  entry("rule", { name: z.enum(["own_prices"]) }),
  entry("provider_approval", {
    provider: AddressText,
    approved: z.boolean(),
    issuedAt: UintText,
    operator: AddressText,
    signature,
  }),
  entry("provider_key", registeredKey),
  entry("provider_key_end", registeredKey),
  entry("code", {
    campaign: Bytes32Text,
    codeHash: Bytes32Text,
    terms: codeTerms,
    maxRedemptions: UintText,
    issuer: Bytes32Text.nullable(),
    at: TimeText,
  }),
  entry("code_end", { campaign: Bytes32Text, codeHash: Bytes32Text, at: TimeText }),
  entry("campaign_rule", {
    campaign: Bytes32Text,
    terms: ruleTerms,
    issuer: Bytes32Text,
    sinceBlock: UintText.describe("It counts what comes after this block."),
    at: TimeText,
  }),
  entry("campaign_rule_end", { campaign: Bytes32Text, at: TimeText }),
  entry("rule_claim", {
    campaign: Bytes32Text,
    account: AddressText,
    spender: Bytes32Text,
    referrer: AddressText.nullable().describe("`null` unless the rule asks for one."),
    grant: Bytes32Text,
    at: TimeText,
  }),
  entry("checkpoint", {
    ...CheckpointJson.shape,
    id: UintText.describe("Ascending in the order of the cuts."),
    snapshot: z.string().describe("The checkpoint holds the entries that it sees."),
    cutAt: z.string().describe("With microseconds."),
  }),
] as const;
