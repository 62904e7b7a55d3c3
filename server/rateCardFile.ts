import { readFile } from "node:fs/promises";

import { z } from "zod";

import { ConfigError } from "@compute-credits/platform/process/environment";
import { findCardErrors } from "@compute-credits/rules/pricing/findCardErrors";
import type { Rate } from "@compute-credits/rules/pricing/rate";
import { type RateSchemaLimits, ratesSchema } from "@compute-credits/rules/pricing/rateSchema";
import { publicationProblem } from "./routes/pricing/publicationProblem.ts";
import type { RateCardStore } from "./stores/pricing/rateCardStore.ts";

/** The operator's card, as RATE_CARD_FILE holds it. */
export interface OperatorCard {
  readonly effectiveFrom: Date;
  readonly rates: readonly Rate[];
}

/** Reads and checks the operator's rate card. Throws a `ConfigError` that lists every mistake. */
export async function readRateCardFile(
  path: string,
  limits: RateSchemaLimits,
): Promise<OperatorCard> {
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
    rates: ratesSchema(limits).refine((rates) => rates.length > 0, "must have at least one rate"),
  });
  const parsed = RateCardFile.safeParse(json);
  if (!parsed.success) throw notACard(path, z.prettifyError(parsed.error));
  const mistakes = findCardErrors(parsed.data.rates);
  if (mistakes.length > 0) {
    const list = mistakes.map(({ path: at, detail }) => `  - ${at.join(".")}: ${detail}`);
    throw notACard(path, list.join("\n"));
  }
  return parsed.data;
}

/** Publishes the card, unless it is in force already. Throws a `ConfigError` if it may not be. */
export async function publishRateCard(
  rateCards: Pick<RateCardStore, "publish">,
  path: string,
  { effectiveFrom, rates }: OperatorCard,
): Promise<void> {
  const result = await rateCards.publish({ provider: null, effectiveFrom, rates });
  if (result.published !== "refused") return;
  throw new ConfigError(`RATE_CARD_FILE ${path}: ${publicationProblem(result.refusal).detail}`);
}

function notACard(path: string, mistakes: string): ConfigError {
  return new ConfigError(`RATE_CARD_FILE ${path} is not a rate card:\n${mistakes}`);
}
