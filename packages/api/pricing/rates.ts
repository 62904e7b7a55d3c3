import { z } from "zod";

import { boundedList } from "@compute-credits/protocol/json/fields";
import { MAX_MICROS } from "@compute-credits/protocol/amounts";
import { Dimensions, MeterName } from "@compute-credits/protocol/json/names";

import { MicrosText, UintText } from "../fields.ts";

/** A factor of 1,000, more than any price should move by itself. */
const MAX_MULTIPLIER_BPS = 10_000_000n;
/** With a larger denominator every step is the minimum of one basis point. */
const MAX_DENOMINATOR = 1_000_000n;
const DAY_SECONDS = 86_400;

/** Integers are written as text, because JSON numbers lose digits above 2^53. */
const wholeNumber = (least: bigint, most: bigint = MAX_MICROS) =>
  z
    .string({ error: 'must be a whole number in quotes, like "1000"' })
    .regex(/^\d{1,19}$/, 'must be a whole number in quotes, like "1000"')
    .transform(BigInt)
    .refine((value) => value >= least && value <= most, `must be from ${least} to ${most}`);

const subject = {
  meter: MeterName,
  dimensions: Dimensions,
};

const linear = { microCredits: wholeNumber(0n), perUnits: wholeNumber(1n) };

const MultiplierRuleSchema = z.strictObject({
  targetBps: wholeNumber(1n, 9_999n),
  startBps: wholeNumber(1n, MAX_MULTIPLIER_BPS),
  minBps: wholeNumber(1n, MAX_MULTIPLIER_BPS),
  maxBps: wholeNumber(1n, MAX_MULTIPLIER_BPS),
  maxStepBps: wholeNumber(1n, MAX_MULTIPLIER_BPS),
  denominator: wholeNumber(1n, MAX_DENOMINATOR),
  stepSeconds: z.int().min(1).max(DAY_SECONDS),
});

export interface RateSchemaLimits {
  readonly maxRatesPerCard: number;
  readonly maxTiersPerRate: number;
}

/**
 * The rates of a card in the operator's file and in a provider's request. The kind defaults to
 * `fixed`.
 */
export function ratesSchema({ maxRatesPerCard, maxTiersPerRate }: RateSchemaLimits) {
  const tiers = boundedList(
    z.strictObject({ upTo: wholeNumber(1n).nullable(), microCredits: wholeNumber(0n) }),
    maxTiersPerRate,
  ).refine((list) => list.length > 0, "must have at least one tier");

  const rate = z.discriminatedUnion(
    "kind",
    [
      z.strictObject({ kind: z.literal("fixed").optional(), ...subject, ...linear }),
      z.strictObject({
        kind: z.enum(["graduated", "volume"]),
        ...subject,
        perUnits: wholeNumber(1n),
        tiers,
      }),
      z.strictObject({
        kind: z.literal("dynamic"),
        ...subject,
        ...linear,
        multiplier: MultiplierRuleSchema,
      }),
    ],
    { error: "must be fixed, graduated, volume or dynamic" },
  );
  return boundedList(
    rate.transform((parsed) =>
      "tiers" in parsed || "multiplier" in parsed ? parsed : { ...parsed, kind: "fixed" as const },
    ),
    maxRatesPerCard,
  );
}

const shown = { meter: MeterName, dimensions: Dimensions, perUnits: UintText };

const Tier = z.object({ upTo: UintText.nullable(), microCredits: MicrosText });

const FixedRate = z.object({ kind: z.literal("fixed"), ...shown, microCredits: MicrosText });

const TieredRate = z.object({
  kind: z.enum(["graduated", "volume"]),
  ...shown,
  tiers: z.array(Tier).describe("By rising `upTo`, of the month's units; the last is `null`."),
});

const DynamicRate = z.object({
  kind: z.literal("dynamic"),
  ...shown,
  microCredits: MicrosText,
  multiplier: z.object({
    targetBps: UintText,
    startBps: UintText,
    minBps: UintText,
    maxBps: UintText,
    maxStepBps: UintText,
    denominator: UintText,
    stepSeconds: z.int().min(1),
  }),
});

/** A rate of a card, as answers show it. Prices are `microCredits` per `perUnits`. */
export const Rate = z.union([FixedRate, TieredRate, DynamicRate]).meta({ id: "Rate" });

const key = { rateKey: z.string().describe("The same in every version of the card.") };

/** A rate with what identifies it across versions. */
export const KeyedRate = z
  .union([FixedRate.extend(key), TieredRate.extend(key), DynamicRate.extend(key)])
  .meta({ id: "KeyedRate" });
