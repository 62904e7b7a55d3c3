import { z } from "zod";

import { toPriceBasis } from "../pricing/pinnedRateJson.ts";
import { toRates } from "../pricing/rateJson.ts";
import type { LogEntry } from "./logEntry.ts";
import {
  AllowanceFields,
  Charge,
  Dimensions,
  Pinned,
  ScopeLists,
  Step,
  hex,
  time,
  whole,
} from "./storedJson.ts";

const place = { order: whole, transaction: whole };
const signature = hex.nullable();
const work = { spender: hex, meter: z.string(), quantity: whole, dimensions: Dimensions };
const ending = z.enum(["captured", "released", "expired"]);

/** An entry as `GET /v1/log` writes it. */
export const Entry: z.ZodType<LogEntry> = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("allowance"),
    ...place,
    id: hex,
    message: AllowanceFields,
    scope: ScopeLists,
    signature: hex,
    createdAt: time,
  }),
  z.object({
    kind: z.literal("grant"),
    ...place,
    id: hex,
    campaign: hex,
    key: z.string(),
    message: AllowanceFields,
    scope: ScopeLists,
    createdAt: time,
  }),
  z.object({ kind: z.literal("revocation"), ...place, allowance: hex, signature }),
  z.object({
    kind: z.literal("access"),
    ...place,
    spender: hex,
    provider: hex,
    signature,
    createdAt: time,
  }),
  z.object({ kind: z.literal("access_end"), ...place, spender: hex, provider: hex, signature }),
  z.object({
    kind: z.literal("card"),
    ...place,
    card: z.object({
      version: z.number(),
      provider: hex.nullable(),
      effectiveFrom: time,
      rates: z.unknown().transform(toRates),
    }),
    createdAt: time,
  }),
  z.object({
    kind: z.literal("multiplier"),
    ...place,
    provider: hex,
    rateKey: z.string(),
    step: Step,
  }),
  z.object({
    kind: z.literal("hold"),
    ...place,
    ...work,
    provider: hex,
    id: z.string(),
    rate: Pinned,
    allowances: z.array(hex),
    createdAt: time,
    expiresAt: time,
    quoteExpiresAt: time.nullable(),
  }),
  z.object({
    kind: z.literal("hold_end"),
    ...place,
    provider: hex,
    id: z.string(),
    as: ending,
    at: time,
  }),
  z.object({
    kind: z.literal("debit"),
    ...place,
    ...work,
    provider: hex,
    id: z.string(),
    occurredAt: time,
    recordedAt: time,
    rateCardVersion: z.number(),
    priceBasis: z.unknown().transform(toPriceBasis),
    holdId: z.string().nullable(),
    charges: z.array(Charge).min(1),
  }),
  z.object({
    kind: z.literal("void"),
    ...place,
    provider: hex,
    id: z.string(),
    amountMicros: whole,
    at: time,
  }),
  z.object({ kind: z.literal("blocks"), ...place, from: whole, to: whole }),
  z.object({ kind: z.literal("refund"), ...place, account: hex, amountMicros: whole }),
  z.object({
    kind: z.literal("receipt"),
    ...place,
    provider: hex,
    earned: whole,
    epoch: whole,
    at: time,
  }),
]);
