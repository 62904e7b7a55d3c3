import { z } from "zod";

import { AllowanceJson, ScopeJson } from "@compute-credits/protocol/json/allowance";
import {
  AddressField,
  Bytes32Field,
  EventIdField,
  SignatureField,
} from "@compute-credits/protocol/json/fields";
import { Dimensions, MeterName } from "@compute-credits/protocol/json/names";
import { toPriceBasis } from "../pricing/pinnedRateJson.ts";
import { toRates } from "../pricing/rateJson.ts";
import type { LogEntry } from "./logEntry.ts";
import {
  AcceptanceNote,
  AccessEndNote,
  BlocksNote,
  CampaignRuleEndNote,
  CampaignRuleNote,
  CheckpointNote,
  CodeEndNote,
  CodeNote,
  HoldEndNote,
  HoldExtensionNote,
  IssuingKeyEndNote,
  IssuingKeyNote,
  MissedEventsNote,
  PassedBlockNote,
  ProviderApprovalNote,
  ProviderKeyEndNote,
  ProviderKeyNote,
  ReceiptNote,
  WriteOffNote,
  RefundNote,
  RevocationNote,
  RuleClaimNote,
  RuleNote,
} from "./noteSchema.ts";
import { Charge, Pinned, Step, time, whole } from "./storedJson.ts";

const place = { order: whole, transaction: whole };
const event = { provider: AddressField, id: EventIdField };
const measured = { meter: MeterName, quantity: whole, dimensions: Dimensions };
const work = { spender: Bytes32Field, ...measured };
/** Absent of the only line of a hold whose request named none. */
const line = EventIdField.optional();

/** A log entry in the format of `GET /v1/log`. */
export const Entry: z.ZodType<LogEntry> = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("allowance"),
    ...place,
    id: Bytes32Field,
    message: AllowanceJson,
    scope: ScopeJson,
    signature: SignatureField,
    createdAt: time,
    predatesAcceptance: z.boolean(),
  }),
  z.object({
    kind: z.literal("grant"),
    ...place,
    id: Bytes32Field,
    campaign: Bytes32Field,
    /** an id that the issuer chose, or `redemptionKey`, which has spaces */
    key: z.string(),
    message: AllowanceJson,
    scope: ScopeJson,
    /** absent in logs from before there were issuing keys */
    issuer: Bytes32Field.nullable().default(null),
    createdAt: time,
    predatesAcceptance: z.boolean(),
  }),
  RevocationNote.extend(place),
  z.object({
    kind: z.literal("access"),
    ...place,
    spender: Bytes32Field,
    provider: AddressField,
    signature: SignatureField.nullable(),
    createdAt: time,
  }),
  AccessEndNote.extend(place),
  AcceptanceNote.extend(place),
  z.object({
    kind: z.literal("card"),
    ...place,
    card: z.object({
      version: z.number(),
      provider: AddressField.nullable(),
      effectiveFrom: time,
      rates: z.unknown().transform(toRates),
    }),
    createdAt: time,
  }),
  z.object({
    kind: z.literal("multiplier"),
    ...place,
    provider: AddressField,
    rateKey: z.string(),
    step: Step,
  }),
  z.object({
    kind: z.literal("hold"),
    ...place,
    ...event,
    ...work,
    line,
    rate: Pinned,
    allowances: z.array(Bytes32Field),
    createdAt: time,
    expiresAt: time,
    quoteExpiresAt: time.nullable(),
  }),
  z.object({
    kind: z.literal("hold_lot"),
    ...place,
    ...event,
    ...measured,
    line,
    rate: Pinned,
    allowances: z.array(Bytes32Field),
    heldAt: time,
  }),
  HoldExtensionNote.extend(place),
  HoldEndNote.extend(place),
  z.object({
    kind: z.literal("debit"),
    ...place,
    ...event,
    ...work,
    occurredAt: time,
    recordedAt: time,
    rateCardVersion: z.number(),
    priceBasis: z.unknown().transform(toPriceBasis),
    holdId: EventIdField.nullable(),
    line,
    charges: z.array(Charge).min(1),
  }),
  z.object({
    kind: z.literal("void"),
    ...place,
    ...event,
    amountMicros: whole,
    at: time,
  }),
  BlocksNote.extend(place),
  MissedEventsNote.extend(place),
  PassedBlockNote.extend(place),
  ProviderKeyNote.extend(place),
  ProviderKeyEndNote.extend(place),
  CodeNote.extend(place),
  CodeEndNote.extend(place),
  CampaignRuleNote.extend(place),
  CampaignRuleEndNote.extend(place),
  RuleClaimNote.extend(place),
  CheckpointNote.extend(place),
  RefundNote.extend(place),
  ReceiptNote.extend(place),
  WriteOffNote.extend(place),
  IssuingKeyNote.extend(place),
  IssuingKeyEndNote.extend(place),
  RuleNote.extend(place),
  ProviderApprovalNote.extend(place),
]);
