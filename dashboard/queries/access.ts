import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Address } from "viem";

import { readActs } from "@compute-credits/client/acts/readActs";
import { readKeys } from "@compute-credits/client/keys/readKeys";
import { readSessions } from "@compute-credits/client/sessions/readSessions";
import { api } from "./api.ts";

const PAGE = 50;

/** Where the wallet is signed in. */
export const sessionsQuery = (account: Address) =>
  queryOptions({
    queryKey: ["own", account, "sessions"],
    queryFn: async ({ signal }) => await readSessions(api, { signal }),
  });

/** The wallet's keys that read, issue or report; those that spend are its allowances. */
export const walletKeysQuery = (account: Address) =>
  queryOptions({
    queryKey: ["own", account, "keys"],
    queryFn: async ({ signal }) => await readKeys(api, {}, { signal }),
  });

/** Who changed what of an account, newest first, in pages. */
export const actsQuery = (account: Address) =>
  infiniteQueryOptions({
    queryKey: ["own", account, "acts"],
    initialPageParam: "",
    queryFn: async ({ pageParam, signal }) => {
      const cursor = pageParam === "" ? {} : { cursor: pageParam };
      return await readActs(api, { account, limit: PAGE, ...cursor }, { signal });
    },
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });
