import { readFile } from "node:fs/promises";

import { z } from "zod";

import { ConfigError } from "@compute-credits/platform/process/environment";
import { findCardErrors } from "@compute-credits/rules/pricing/findCardErrors";
import type { Rate } from "@compute-credits/rules/pricing/rate";
import { type RateSchemaLimits, ratesSchema } from "@compute-credits/rules/pricing/rateSchema";

/** Reads and checks the operator's rate card. Throws a `ConfigError` that says what to mend and where. */
export async function readRateCardFile(
  path: string,
  limits: RateSchemaLimits,
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

  const RateCardFile = z.strictObject({
    effectiveFrom: z.iso.datetime({ offset: true }).transform((at) => new Date(at)),
    rates: ratesSchema(limits).min(1, "must have at least one rate"),
  });
  const parsed = RateCardFile.safeParse(json);
  if (!parsed.success) {
    throw new ConfigError(
      `RATE_CARD_FILE ${path} is not a rate card:\n${z.prettifyError(parsed.error)}`,
    );
  }
  const mistakes = findCardErrors(parsed.data.rates);
  if (mistakes.length > 0) {
    const list = mistakes.map(({ path: at, detail }) => `  - ${at.join(".")}: ${detail}`);
    throw new ConfigError(`RATE_CARD_FILE ${path} is not a rate card:\n${list.join("\n")}`);
  }
  return parsed.data;
}
