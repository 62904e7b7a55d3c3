import { z } from "zod";

import { MAX_SECONDS } from "../bounds.ts";
import { MicrosText } from "../fields.ts";

const seconds = z.int().min(60).max(MAX_SECONDS);

const Percent = z.int().min(10).max(100).multipleOf(10);

const FIELDS = {
  runwayBelowSeconds: seconds.describe("`runway.short` comes below it. A week by default."),
  budgetPercents: z
    .array(Percent)
    .min(1)
    .max(10)
    .describe("`budget.reached` comes at each: multiples of 10. 80 and 100 by default."),
  expiringWithinSeconds: seconds.describe("`allowance.expiring` comes then. A week by default."),
};

const BELOW = "`balance.low` comes when the available credits fall below it.";

/** As an answer has them: with `null` for those that no event needs. */
export const Thresholds = z
  .object({
    balanceBelowMicros: MicrosText.nullable().describe(BELOW),
    runwayBelowSeconds: FIELDS.runwayBelowSeconds.nullable(),
    budgetPercents: FIELDS.budgetPercents.nullable(),
    expiringWithinSeconds: FIELDS.expiringWithinSeconds.nullable(),
  })
  .meta({ id: "WebhookThresholds" });

/** As a request has them: what is absent has its default, and `balanceBelowMicros` has none. */
export const ThresholdsSent = z.strictObject({
  balanceBelowMicros: z
    .string()
    .regex(/^[1-9]\d{0,17}$/, "must be micro-credits above 0, as decimal text")
    .transform(BigInt)
    .optional()
    .describe(BELOW),
  runwayBelowSeconds: FIELDS.runwayBelowSeconds.optional(),
  budgetPercents: FIELDS.budgetPercents.optional(),
  expiringWithinSeconds: FIELDS.expiringWithinSeconds.optional(),
});
