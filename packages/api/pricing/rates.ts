import { z } from "zod";

import { AddressText, MicrosText, UintText } from "../fields.ts";

const subject = { meter: z.string(), dimensions: z.record(z.string(), z.string()) };

const Tier = z.object({
  upTo: UintText.nullable().describe("Units of the month that the tier ends at; `null`: no end."),
  microCredits: MicrosText,
});

const MultiplierRule = z.object({
  targetBps: UintText,
  startBps: UintText,
  minBps: UintText,
  maxBps: UintText,
  maxStepBps: UintText,
  denominator: UintText,
  stepSeconds: z.int(),
});

const kinds = {
  fixed: {
    kind: z.literal("fixed").optional(),
    ...subject,
    microCredits: MicrosText,
    perUnits: UintText,
  },
  tiered: {
    kind: z.enum(["graduated", "volume"]),
    ...subject,
    perUnits: UintText,
    tiers: z.array(Tier),
  },
  dynamic: {
    kind: z.literal("dynamic"),
    ...subject,
    microCredits: MicrosText,
    perUnits: UintText,
    multiplier: MultiplierRule,
  },
};

/** A rate as answers show it. Without a `kind` it is fixed. */
export const Rate = z
  .union([z.object(kinds.tiered), z.object(kinds.dynamic), z.object(kinds.fixed)])
  .meta({ id: "Rate" });

const key = { rateKey: z.string().describe("Names the rate across the versions of its card.") };

/** A rate with its key, as rate cards show it. */
export const KeyedRate = z
  .union([
    z.object({ ...kinds.tiered, ...key }),
    z.object({ ...kinds.dynamic, ...key }),
    z.object({ ...kinds.fixed, ...key }),
  ])
  .meta({ id: "KeyedRate" });

const TierUse = z.object({
  account: AddressText,
  rateKey: z.string(),
  month: z
    .string()
    .regex(/^\d{4}-\d{2}$/)
    .describe("A calendar month in UTC: `2026-11`."),
});

/** What a debit's price was computed from, besides its rate and quantity. */
export const PriceBasis = z
  .object({
    usedUnits: UintText.optional(),
    use: TierUse.optional(),
    tier: z.int().optional(),
    multiplierBps: UintText.optional(),
    shares: z
      .array(
        z.object({
          micros: MicrosText,
          units: UintText,
          usedUnits: UintText,
          use: TierUse,
          tier: z.int().optional(),
        }),
      )
      .optional(),
    capturedUnits: UintText.optional(),
  })
  .nullable()
  .meta({ id: "PriceBasis" });
