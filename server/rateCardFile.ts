import { readFile } from "node:fs/promises";

import { z } from "zod";

import { MAX_MICROS } from "../protocol/amounts.ts";
import { ConfigError } from "./config.ts";
import { type Rate, ambiguousPair } from "./domain/rates/rateCard.ts";

/** Amounts are written as text, in digits: JSON's numbers lose them. */
const wholeNumber = (least: bigint) =>
  z
    .string()
    .regex(/^\d{1,19}$/, 'must be a whole number in quotes, like "1000"')
    .transform(BigInt)
    .refine(
      (value) => value >= least && value <= MAX_MICROS,
      `must be from ${least} to ${MAX_MICROS}`,
    );

export const MeterName = z
  .string()
  .regex(
    /^[a-z][a-z0-9_.]{0,63}$/,
    "must be a meter's name like gpu.seconds, at most 64 characters",
  );

export const DimensionName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,31}$/, "must be a name like gpu or tier, at most 32 characters");

export const DimensionValue = z
  .string()
  .regex(/^[\x20-\x7e]{1,64}$/, "must be 1 to 64 printable ASCII characters");

const RateCardFile = z.strictObject({
  effectiveFrom: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
  rates: z
    .array(
      z.strictObject({
        meter: MeterName,
        dimensions: z.record(DimensionName, DimensionValue),
        microCredits: wholeNumber(0n),
        perUnits: wholeNumber(1n),
      }),
    )
    .min(1, "must have at least one rate"),
});

/** Reads and checks the rate card. Throws a `ConfigError` that says what to mend and where. */
export async function readRateCardFile(
  path: string,
): Promise<{ effectiveFrom: Date; rates: readonly Rate[] }> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new ConfigError(`RATE_CARD_FILE ${path} cannot be read`, { cause });
  });

  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`RATE_CARD_FILE ${path} is not JSON`, { cause });
  }

  const parsed = RateCardFile.safeParse(json);
  if (!parsed.success) {
    throw new ConfigError(
      `RATE_CARD_FILE ${path} is not a rate card:\n${z.prettifyError(parsed.error)}`,
    );
  }
  const pair = ambiguousPair(parsed.data.rates);
  if (pair !== null) {
    const [first, second] = pair.map(({ dimensions }) => JSON.stringify(dimensions));
    throw new ConfigError(
      `RATE_CARD_FILE ${path}: an event of ${pair[0].meter} could match both ${first} and ${second}; ` +
        "give one of them another dimension",
    );
  }
  return parsed.data;
}
