import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Address, Hex } from "viem";

import { listAccountDebits } from "@compute-credits/api/insight/debits";
import { explain } from "@compute-credits/client/insight/explain";
import { type UsageSums, readUsageSums } from "@compute-credits/client/insight/readUsageSums";
import { api } from "./api.ts";

export type Grouping = UsageSums["groupBy"] &
  ("meter" | "day" | "provider" | "spender" | "allowance");

const DAY_MS = 86_400_000;
const PAGE = 50;

/** Sums of the last days, to the end of today in UTC: whole days come from exact roll-ups. */
export const sumsQuery = (account: Address, groupBy: Grouping, days: number) =>
  queryOptions({
    queryKey: ["own", account, "changing", "sums", groupBy, days],
    queryFn: async ({ signal }) => {
      const to = new Date(Math.floor(Date.now() / DAY_MS + 1) * DAY_MS);
      const from = new Date(to.getTime() - days * DAY_MS);
      return await readUsageSums(api, { account, groupBy, from, to }, { signal });
    },
  });

/** Which events are listed. */
export interface EventFilter {
  readonly meter?: string | undefined;
  readonly spender?: Hex | undefined;
  /** in UTC, such as 2026-01-31 */
  readonly day?: string | undefined;
}

/** Events that an account was charged for, newest first, in pages. */
export const debitsQuery = (account: Address, { meter, spender, day }: EventFilter) =>
  infiniteQueryOptions({
    queryKey: ["own", account, "changing", "debits", meter, spender, day],
    initialPageParam: "",
    queryFn: async ({ pageParam, signal }) => {
      const start = day === undefined ? undefined : new Date(`${day}T00:00:00Z`);
      const query = {
        meter,
        spender,
        from: start?.toISOString(),
        to: start && new Date(start.getTime() + DAY_MS).toISOString(),
        ...(pageParam === "" ? {} : { cursor: pageParam }),
        limit: PAGE,
      };
      return await api.call(listAccountDebits, { params: { address: account }, query }, { signal });
    },
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });

/** Why an event cost what it cost. */
export const explanationQuery = (account: Address, provider: Address, eventId: string) =>
  queryOptions({
    queryKey: ["own", account, "explanation", provider, eventId],
    queryFn: async ({ signal }) => await explain(api, { provider, eventId }, { signal }),
  });
