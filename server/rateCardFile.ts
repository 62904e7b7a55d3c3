import { readFile } from "node:fs/promises";

import { z } from "zod";

import { ConfigError } from "@compute-credits/platform/process/environment";
import { findCardErrors } from "@compute-credits/rules/pricing/findCardErrors";
import type { Rate } from "@compute-credits/rules/pricing/rate";
import type { RateCard } from "@compute-credits/rules/pricing/rateCard";
import { fromRates } from "@compute-credits/rules/pricing/rateJson";
import { type RateSchemaLimits, ratesSchema } from "@compute-credits/api/pricing/rates";
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

/**
 * Publishes the card, unless it is in force already. A card that was published before, and has been
 * replaced since, is left alone: servers with the older and the newer file may restart in any order.
 * Returns false then. Throws a `ConfigError` if the card may not be published.
 */
export async function publishRateCard(
  rateCards: Pick<RateCardStore, "publish" | "list">,
  path: string,
  { effectiveFrom, rates }: OperatorCard,
): Promise<boolean> {
  const result = await rateCards.publish({ provider: null, effectiveFrom, rates });
  if (result.published !== "refused") return true;
  const { refusal } = result;
  if (
    refusal.reason === "effective_from_not_after_newest" &&
    (await wasPublished(rateCards, rates))
  ) {
    return false;
  }
  throw new ConfigError(`RATE_CARD_FILE ${path}: ${publicationProblem(refusal).detail}`);
}

const CARDS_PER_READ = 100;

/** Whether one of the operator's cards, newest first, has these rates. */
async function wasPublished(
  rateCards: Pick<RateCardStore, "list">,
  rates: readonly Rate[],
): Promise<boolean> {
  const text = fromRates(rates);
  let before: number | null = null;
  do {
    // oxlint-disable-next-line no-await-in-loop -- pages of a list, usually one
    const page: readonly RateCard[] = await rateCards.list({
      provider: null,
      before,
      limit: CARDS_PER_READ,
    });
    if (page.some((card) => fromRates(card.rates) === text)) return true;
    before = page.length < CARDS_PER_READ ? null : (page.at(-1)?.version ?? null);
  } while (before !== null);
  return false;
}

function notACard(path: string, mistakes: string): ConfigError {
  return new ConfigError(`RATE_CARD_FILE ${path} is not a rate card:\n${mistakes}`);
}
