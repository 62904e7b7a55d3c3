import { z } from "zod";

import {
  AddressField,
  Bytes32Field,
  EventIdField,
  SignatureField,
} from "@compute-credits/protocol/json/fields";
import { CheckpointJson } from "@compute-credits/protocol/json/checkpoint";
import { StoredRuleTerms, StoredTerms, time, whole } from "./storedJson.ts";

/**
 * Entries of the log that the ledger stores as notes, because no other table has a row for them.
 * The log publishes each note as it is stored, with its place added.
 */
export const HoldEndNote = z.object({
  kind: z.literal("hold_end"),
  provider: AddressField,
  id: EventIdField,
  as: z.enum(["captured", "released", "expired"]),
  at: time,
});

/**
 * A hold was extended. What `lines` adds follows as entries `hold_lot`. `ttlSeconds` is what was
 * asked for, and `expiresAt` the hold's end since.
 */
export const HoldExtensionNote = z.object({
  kind: z.literal("hold_extension"),
  provider: AddressField,
  id: EventIdField,
  extension: EventIdField,
  ttlSeconds: z.int().nullable(),
  lines: z.array(z.object({ line: EventIdField, quantity: whole })),
  expiresAt: time,
  at: time,
});

/** `signature` is `null` if the grant's issuer revoked it with the campaign's key. */
export const RevocationNote = z.object({
  kind: z.literal("revocation"),
  allowance: Bytes32Field,
  signature: SignatureField.nullable(),
});

/** `signature` is `null` if the spender is an API key and not a wallet. */
export const AccessEndNote = z.object({
  kind: z.literal("access_end"),
  spender: Bytes32Field,
  provider: AddressField,
  signature: SignatureField.nullable(),
});

/**
 * A spender accepts an account, or ends that. `signature` is `null` unless its wallet signed;
 * `signedAt` is then 0.
 */
export const AcceptanceNote = z.object({
  kind: z.literal("acceptance"),
  spender: Bytes32Field,
  account: AddressField,
  accepted: z.boolean(),
  how: z.enum(["key", "wallet", "own", "issuer"]),
  signature: SignatureField.nullable(),
  signedAt: whole,
  at: time,
});

export const BlocksNote = z.object({ kind: z.literal("blocks"), from: whole, to: whole });

/** Bounds the entry: a ledger that missed more writes several. */
export const MOST_MISSED_EVENTS = 1_000;

export const MissedEventsNote = z.object({
  kind: z.literal("missed_events"),
  upTo: whole,
  events: z
    .array(z.object({ block: whole, logIndex: z.int().min(0) }))
    .min(1)
    .max(MOST_MISSED_EVENTS),
});

/** An operator let the ledger read a block whose bloom filter denies its logs. */
export const PassedBlockNote = z.object({
  kind: z.literal("passed_block"),
  block: whole,
  hash: Bytes32Field,
});

export const RefundNote = z.object({
  kind: z.literal("refund"),
  account: AddressField,
  amountMicros: whole,
});

export const ReceiptNote = z.object({
  kind: z.literal("receipt"),
  provider: AddressField,
  earned: whole,
  epoch: whole,
  at: time,
});

export const WriteOffNote = z.object({
  kind: z.literal("write_off"),
  account: AddressField,
  payer: AddressField,
  amountMicros: whole,
  at: time,
  chainTime: time,
});

/** The owner registered a key that issues grants and codes. */
export const IssuingKeyNote = z.object({
  kind: z.literal("issuing_key"),
  account: AddressField,
  keyHash: Bytes32Field,
  campaign: Bytes32Field,
  counter: whole,
  signature: SignatureField,
});

export const IssuingKeyEndNote = z.object({
  kind: z.literal("issuing_key_end"),
  account: AddressField,
  keyHash: Bytes32Field,
  revokesGrants: z.boolean(),
  signature: SignatureField,
});

/** From this entry on, debits and holds follow the rule of this name. */
export const RuleNote = z.object({
  kind: z.literal("rule"),
  /** `own_prices`: each account that pays does so at its own tiers */
  name: z.enum(["own_prices"]),
});

/** An operator approved a provider, or ended that. */
export const ProviderApprovalNote = z.object({
  kind: z.literal("provider_approval"),
  provider: AddressField,
  approved: z.boolean(),
  issuedAt: whole,
  operator: AddressField,
  signature: SignatureField,
});

/** `signature` is `null` if the key was registered before the log had these entries. */
export const ProviderKeyNote = z.object({
  kind: z.literal("provider_key"),
  provider: AddressField,
  keyHash: Bytes32Field,
  signature: SignatureField.nullable(),
  at: time,
});

export const ProviderKeyEndNote = ProviderKeyNote.extend({ kind: z.literal("provider_key_end") });

/** `issuer` is `null` for a code from before there were issuing keys. */
export const CodeNote = z.object({
  kind: z.literal("code"),
  campaign: Bytes32Field,
  codeHash: Bytes32Field,
  terms: StoredTerms,
  maxRedemptions: whole,
  issuer: Bytes32Field.nullable(),
  at: time,
});

export const CodeEndNote = z.object({
  kind: z.literal("code_end"),
  campaign: Bytes32Field,
  codeHash: Bytes32Field,
  at: time,
});

/** What accounts must have done to claim a grant of the campaign. */
export const CampaignRuleNote = z.object({
  kind: z.literal("campaign_rule"),
  campaign: Bytes32Field,
  terms: StoredRuleTerms,
  issuer: Bytes32Field,
  sinceBlock: whole,
  at: time,
});

export const CampaignRuleEndNote = z.object({
  kind: z.literal("campaign_rule_end"),
  campaign: Bytes32Field,
  at: time,
});

/** An account claimed its grant of a campaign's rule. */
export const RuleClaimNote = z.object({
  kind: z.literal("rule_claim"),
  campaign: Bytes32Field,
  account: AddressField,
  spender: Bytes32Field,
  referrer: AddressField.nullable(),
  grant: Bytes32Field,
  at: time,
});

export const CheckpointNote = z.object({
  kind: z.literal("checkpoint"),
  ...CheckpointJson.shape,
  id: whole,
  snapshot: z.string(),
  cutAt: z.string(),
});

export const Note = z.discriminatedUnion("kind", [
  HoldEndNote,
  HoldExtensionNote,
  RevocationNote,
  AccessEndNote,
  AcceptanceNote,
  BlocksNote,
  MissedEventsNote,
  PassedBlockNote,
  RefundNote,
  ReceiptNote,
  WriteOffNote,
  IssuingKeyNote,
  IssuingKeyEndNote,
  RuleNote,
  ProviderApprovalNote,
  ProviderKeyNote,
  ProviderKeyEndNote,
  CodeNote,
  CodeEndNote,
  CampaignRuleNote,
  CampaignRuleEndNote,
  RuleClaimNote,
  CheckpointNote,
]);
