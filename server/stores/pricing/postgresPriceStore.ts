import { zeroAddress } from "viem";

import { PriceDraft } from "@compute-credits/rules/pricing/priceDraft";
import { previewPrice } from "@compute-credits/rules/pricing/preview";
import type { Database } from "@compute-credits/platform/postgres/database";
import type { PriceStore } from "./priceStore.ts";
import { readPriceClock } from "./priceClock.ts";
import { createPriceReader } from "./priceReader.ts";
import type { RateIndexCache } from "./rateIndexCache.ts";

export function createPriceStore(database: Database, rates: RateIndexCache): PriceStore {
  const prices = createPriceReader(rates);
  return {
    preview: ({ provider, account, measurements }) =>
      // Repeatable read: a debit between two queries must not be counted by one of them only.
      database.transaction(
        async (tx) => {
          const { now, newestCard } = await readPriceClock(tx);
          const queries = measurements.map(({ time, ...measurement }) => ({
            ...measurement,
            provider,
            occurredAt: time ?? now,
          }));
          const latest = Math.max(...queries.map(({ occurredAt }) => occurredAt.getTime()));
          // The zero address never has credits, so it has used nothing.
          const payer = account ?? zeroAddress;
          const state = await prices.read(tx, queries, {
            now: new Date(latest),
            newestCard,
            accounts: [payer],
          });
          const draft = new PriceDraft(state);
          return queries.map((query) =>
            previewPrice(draft, { ...query, account: payer, at: query.occurredAt }),
          );
        },
        { isolation: "repeatable read" },
      ),
  };
}
