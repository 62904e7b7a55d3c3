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
      // One moment throughout: a debit in between would be counted in one place and not in another.
      database.transaction(
        async (tx) => {
          const { now, newestCard } = await readPriceClock(tx);
          const questions = measurements.map(({ time, ...measurement }) => ({
            ...measurement,
            provider,
            occurredAt: time ?? now,
          }));
          const latest = Math.max(...questions.map(({ occurredAt }) => occurredAt.getTime()));
          // Nobody buys for the zero address, so it has used nothing.
          const payer = account ?? zeroAddress;
          const state = await prices.read(tx, questions, {
            now: new Date(latest),
            newestCard,
            accounts: [payer],
          });
          const draft = new PriceDraft(state);
          return questions.map((question) =>
            previewPrice(draft, { ...question, account: payer, at: question.occurredAt }),
          );
        },
        { isolation: "repeatable read" },
      ),
  };
}
