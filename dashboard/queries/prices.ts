import { queryOptions } from "@tanstack/react-query";
import type { Address } from "viem";

import { type Prices, previewPrices } from "@compute-credits/client/pricing/previewPrices";
import { type RateCards, readRateCards } from "@compute-credits/client/pricing/readRateCards";
import type { BasketLine } from "../routes/basketSearch.ts";
import { api } from "./api.ts";

export type RateCard = RateCards["rateCards"][number];

const CARDS_READ = 100;

/** The newest 100 cards of all publishers. */
export const rateCardsQuery = queryOptions({
  queryKey: ["rateCards"],
  staleTime: 60_000,
  queryFn: async ({ signal }): Promise<RateCards> =>
    await readRateCards(api, { limit: CARDS_READ }, { signal }),
});

/** A provider that publishes no card charges by the operator's: any such address asks for it. */
const WITHOUT_A_CARD: Address = `0x${"00".repeat(19)}01`;

/** What a basket costs at a provider; `null` asks for the operator's card. */
export const basketQuery = (provider: Address | null, lines: readonly BasketLine[]) =>
  queryOptions({
    queryKey: ["prices", provider, lines],
    staleTime: 60_000,
    queryFn: async ({ signal }): Promise<Prices> => {
      const measurements = lines.map((line) => ({ ...line, quantity: `${line.quantity}` }));
      return await previewPrices(
        api,
        { provider: provider ?? WITHOUT_A_CARD, measurements },
        { signal },
      );
    },
  });
