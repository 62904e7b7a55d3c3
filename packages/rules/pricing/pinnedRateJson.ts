import { z } from "zod";

import { jsonText } from "@compute-credits/protocol/jsonText";
import type { AccountRate, PinnedRate } from "./pinnedRate.ts";
import type { PriceBasis } from "./priceBasis.ts";
import { StoredTiers } from "./rateJson.ts";

const whole = z.coerce.bigint();
const address = z.templateLiteral(["0x", z.string()]);
const use = z.object({ account: address, rateKey: z.string(), month: z.string() });
const linear = { rateCardVersion: z.number(), microCredits: whole, perUnits: whole };

const StoredTieredRate = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("volume"), ...linear, tier: z.number(), usedUnits: whole, use }),
  z.object({
    kind: z.literal("graduated"),
    rateCardVersion: z.number(),
    perUnits: whole,
    tiers: StoredTiers,
    usedUnits: whole,
    use,
  }),
]);

const StoredAccountRate = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("fixed"), ...linear }),
  z.object({ kind: z.literal("dynamic"), ...linear, multiplierBps: whole }),
  StoredTieredRate,
]);

const StoredPinnedRate = z.discriminatedUnion("kind", [
  StoredAccountRate,
  z.object({
    kind: z.literal("shared"),
    rateCardVersion: z.number(),
    shares: z.array(z.object({ micros: whole, units: whole, rate: StoredTieredRate })).min(1),
  }),
]);

const tierFacts = { usedUnits: whole, use, tier: z.number().optional() };

const facts = {
  multiplierBps: whole.optional(),
  usedUnits: whole.optional(),
  use: use.optional(),
  tier: z.number().optional(),
  shares: z
    .array(z.object({ micros: whole, units: whole, ...tierFacts }))
    .min(1)
    .optional(),
  capturedUnits: whole.optional(),
};

const StoredLots = z
  .array(
    z.object({
      units: whole,
      charges: z.number(),
      rateCardVersion: z.number(),
      heldAt: z.coerce.date(),
      basis: z.object(facts).nullable(),
    }),
  )
  .min(1);

const StoredPriceBasis = z.object({ ...facts, lots: StoredLots.optional() }).nullable();

/** Reads a pinned rate from a `jsonb` column. Throws a `ZodError` if it is malformed. */
export function toPinnedRate(stored: unknown): PinnedRate {
  return StoredPinnedRate.parse(stored);
}

/** Reads the rate of a quote, which is always one account's. Throws a `ZodError` otherwise. */
export function toAccountRate(stored: unknown): AccountRate {
  return StoredAccountRate.parse(stored);
}

/** Writes a pinned rate for a `jsonb` column. */
export function fromPinnedRate(pinned: PinnedRate): string {
  return jsonText(pinned);
}

/** Reads a price basis from a `jsonb` column. Throws a `ZodError` if it is malformed. */
export function toPriceBasis(stored: unknown): PriceBasis {
  return StoredPriceBasis.parse(stored);
}

/** Writes a price basis for a `jsonb` column. */
export function fromPriceBasis(basis: PriceBasis): string | null {
  return basis === null ? null : jsonText(basis);
}
