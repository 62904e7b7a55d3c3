import { z } from "zod";

import { AddressText, MicrosText, TimeText, UintText } from "../fields.ts";

export const TierUse = z
  .object({
    account: AddressText,
    rateKey: z.string(),
    month: z.string().regex(/^\d{4}-\d{2}$/),
  })
  .meta({
    id: "TierUse",
    description: "Usage that tiers count: by account, rate and month (UTC).",
  });

const tierFacts = { usedUnits: UintText, use: TierUse, tier: z.int().min(0).optional() };

const facts = {
  usedUnits: tierFacts.usedUnits.optional(),
  use: TierUse.optional(),
  tier: tierFacts.tier,
  multiplierBps: UintText.optional(),
  shares: z
    .array(z.object({ micros: MicrosText, units: UintText, ...tierFacts }))
    .optional()
    .describe("Of a tiered rate that several accounts pay, instead of one account's tier."),
  capturedUnits: UintText.optional().describe("Of a later capture: the units before it."),
};

/** What a price depends on besides card, rate and quantity; `null` if on nothing else. */
export const PriceBasis = z
  .object({
    ...facts,
    lots: z
      .array(
        z.object({
          units: UintText,
          charges: z.int().min(0).describe("How many of the event's charges are for them."),
          rateCardVersion: z.int(),
          heldAt: TimeText,
          basis: z.object(facts).nullable(),
        }),
      )
      .optional()
      .describe("Of a capture of units that an extension reserved, instead of all else."),
  })
  .meta({ id: "PriceBasis" });
