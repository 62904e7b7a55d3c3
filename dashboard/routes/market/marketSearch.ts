import { z } from "zod";

import { RegionName } from "@compute-credits/protocol/json/profile";
import { type BasketLine, basketSearch } from "../basketSearch.ts";

/** The API sorts by baskets of so many lines at most. */
export const MOST_MARKET_LINES = 8;

const Filters = z.object({
  match: z.enum(["named", "charged"]).optional().catch(undefined),
  region: RegionName.optional().catch(undefined),
});

export interface MarketSearch extends z.output<typeof Filters> {
  readonly basket?: BasketLine[] | undefined;
}

/** The basket and the filters in the URL of `/market`. What cannot be read counts as absent. */
export function marketSearch(search: unknown): MarketSearch {
  const { basket } = basketSearch(search);
  return { basket: basket?.slice(0, MOST_MARKET_LINES), ...Filters.parse(search) };
}
