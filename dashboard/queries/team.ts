import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Address, Hex } from "viem";

import { readOffers } from "@compute-credits/client/allowances/readOffers";
import { type Grants, readGrants } from "@compute-credits/client/campaigns/readGrants";
import { readCodes } from "@compute-credits/client/campaigns/readCodes";
import { walletSpender } from "@compute-credits/protocol/messages/spender";
import { api } from "./api.ts";

export type Grant = Grants["grants"][number];

const PAGE = 50;

/** What was handed out of an account, oldest first, in pages. */
export const grantsQuery = (account: Address) =>
  infiniteQueryOptions({
    queryKey: ["own", account, "changing", "grants"],
    initialPageParam: "",
    queryFn: async ({ pageParam, signal }) => {
      const cursor = pageParam === "" ? {} : { cursor: pageParam };
      return await readGrants(api, { account, limit: PAGE, ...cursor }, { signal });
    },
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });

/** The codes of a campaign, by their hashes, in pages. */
export const codesQuery = (account: Address, campaign: Hex) =>
  infiniteQueryOptions({
    queryKey: ["own", account, "changing", "codes", campaign],
    initialPageParam: "",
    queryFn: async ({ pageParam, signal }) => {
      const cursor = pageParam === "" ? {} : { cursor: pageParam };
      return await readCodes(api, { campaign, limit: PAGE, ...cursor }, { signal });
    },
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });

/** Accounts that signed an allowance for this wallet, which has not accepted them: the first 50. */
export const offersQuery = (account: Address) =>
  queryOptions({
    queryKey: ["own", account, "changing", "offers"],
    queryFn: async ({ signal }) =>
      await readOffers(api, { spender: walletSpender(account), limit: PAGE }, { signal }),
  });
