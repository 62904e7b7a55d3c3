import { z } from "zod";

import { jsonText } from "@compute-credits/protocol/jsonText";
import type { Rate } from "./rate.ts";

/** Integers are stored as text, because JSON numbers lose digits above 2^53. */
const whole = z.coerce.bigint();
const subject = { meter: z.string(), dimensions: z.record(z.string(), z.string()) };

export const StoredTiers = z.array(z.object({ upTo: whole.nullable(), microCredits: whole }));

/** A rate without a kind is fixed: old rows were written before there were other kinds. */
const StoredRates = z.array(
  z.union([
    z.object({
      kind: z.enum(["graduated", "volume"]),
      ...subject,
      perUnits: whole,
      tiers: StoredTiers,
    }),
    z.object({
      kind: z.literal("dynamic"),
      ...subject,
      microCredits: whole,
      perUnits: whole,
      multiplier: z.object({
        targetBps: whole,
        startBps: whole,
        minBps: whole,
        maxBps: whole,
        maxStepBps: whole,
        denominator: whole,
        stepSeconds: z.number(),
      }),
    }),
    z.object({
      kind: z.literal("fixed").default("fixed"),
      ...subject,
      microCredits: whole,
      perUnits: whole,
    }),
  ]),
);

/** Reads rates from stored JSON. Throws a `ZodError` if it is malformed. */
export function toRates(stored: unknown): readonly Rate[] {
  return StoredRates.parse(stored);
}

/** Writes rates as JSON for storage. */
export function fromRates(rates: readonly Rate[]): string {
  return jsonText(rates.map((rate) => ({ ...rate, kind: rate.kind ?? "fixed" })));
}
