import { infiniteQueryOptions } from "@tanstack/react-query";
import type { Address } from "viem";

import { type Budgets, readBudgets } from "@compute-credits/client/insight/readBudgets";
import { api } from "./api.ts";

export type Budget = Budgets["budgets"][number];

const PAGE = 50;

/** How far each allowance of an account is used, oldest first, in pages. */
export const budgetsQuery = (account: Address) =>
  infiniteQueryOptions({
    queryKey: ["own", account, "changing", "budgets"],
    initialPageParam: "",
    queryFn: async ({ pageParam, signal }) => {
      const cursor = pageParam === "" ? {} : { cursor: pageParam };
      return await readBudgets(api, { account, limit: PAGE, ...cursor }, { signal });
    },
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });
