import { type RateIndex, indexRates } from "@compute-credits/rules/pricing/rateIndex";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { readRateCards } from "./postgresRateCardStore.ts";

/** The index of all cards up to a version at least. */
export type RateIndexCache = (sql: Sql, newestCard: number) => Promise<RateIndex>;

/** Cards never change and appear in the order of their versions: only those after the newest known one are read. */
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
    // Another batch may have read meanwhile, and more.
    if (after.newest > known.newest) known = after;
    return after.index;
  };
}
