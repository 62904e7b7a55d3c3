import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Address } from "viem";

import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { type Market, readMarket } from "@compute-credits/client/market/readMarket";
import type { Profile } from "@compute-credits/client/market/publishProfile";
import { readProfile } from "@compute-credits/client/market/readProfile";
import type { BasketLine } from "../routes/basketSearch.ts";
import { api } from "./api.ts";

const PAGE = 25;

/** Who offers a basket, the cheapest first, in pages. Prices are a few seconds old. */
export const marketQuery = ({
  basket,
  match,
  region,
}: {
  readonly basket: readonly BasketLine[];
  readonly match: "named" | "charged";
  readonly region: string | undefined;
}) =>
  infiniteQueryOptions({
    queryKey: ["market", basket, match, region],
    staleTime: 10_000,
    initialPageParam: "",
    queryFn: async ({ pageParam, signal }): Promise<Market> => {
      const lines = basket.map((line) => ({ ...line, quantity: BigInt(line.quantity) }));
      const more = {
        ...(region === undefined ? {} : { region }),
        ...(pageParam === "" ? {} : { cursor: pageParam }),
      };
      return await readMarket(api, { basket: lines, match, limit: PAGE, ...more }, { signal });
    },
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });

/** What a provider says of itself; `null` if it has said nothing. */
export const profileQuery = (provider: Address) =>
  queryOptions({
    queryKey: ["own", provider, "profile"],
    queryFn: async ({ signal }): Promise<Profile | null> => {
      try {
        return await readProfile(api, { provider }, { signal });
      } catch (error) {
        if (error instanceof CreditsError && error.reason === "profile_not_found") return null;
        throw error;
      }
    },
  });
