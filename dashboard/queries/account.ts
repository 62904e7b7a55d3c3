import { queryOptions } from "@tanstack/react-query";
import type { Address } from "viem";

import { readBalance } from "@compute-credits/client/accounts/readBalance";
import { readRunway } from "@compute-credits/client/insight/readRunway";
import { api } from "./api.ts";

/** What an account has now. Live events keep it up to date. */
export const balanceQuery = (account: Address) =>
  queryOptions({
    queryKey: ["own", account, "balance"],
    queryFn: async ({ signal }) => await readBalance(api, { account }, { signal }),
  });

/** How fast an account spends, and when its credits run out. */
export const runwayQuery = (account: Address) =>
  queryOptions({
    queryKey: ["own", account, "changing", "runway"],
    queryFn: async ({ signal }) => await readRunway(api, { account }, { signal }),
  });
