import { type RateIndex, indexRates } from "@compute-credits/rules/pricing/rateIndex";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { readRateCards } from "./postgresRateCardStore.ts";

/** Returns the index of all cards up to the version `newestCard`, or newer. */
export type RateIndexCache = (sql: Sql, newestCard: number) => Promise<RateIndex>;

/**
 * Reads only cards newer than the cached ones: cards never change and become visible in version
 * order.
 */
export function createRateIndexCache(): RateIndexCache {
  let known: { index: RateIndex; newest: number } = { index: new Map(), newest: 0 };
  return async (sql, newestCard) => {
    const before = known;
    if (before.newest >= newestCard) return before.index;
    const cards = await readRateCards(sql, before.newest);
    const after = {
      index: indexRates(cards, before.index),
      newest: cards.at(-1)?.version ?? before.newest,
    };
    // Another batch may have cached a newer index in the meantime.
    if (after.newest > known.newest) known = after;
    return after.index;
  };
}
