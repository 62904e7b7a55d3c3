import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Address } from "viem";

import { readDeliveries } from "@compute-credits/client/webhooks/readDeliveries";
import { readWebhooks } from "@compute-credits/client/webhooks/readWebhooks";
import { api } from "./api.ts";

const PAGE = 20;

/** Where events of an account are posted. */
export const webhooksQuery = (account: Address) =>
  queryOptions({
    queryKey: ["own", account, "webhooks"],
    queryFn: async ({ signal }) =>
      await readWebhooks(api, { party: "account", address: account }, { signal }),
  });

/** What was sent to an endpoint, newest first, in pages. */
export const deliveriesQuery = (account: Address, id: string) =>
  infiniteQueryOptions({
    queryKey: ["own", account, "webhooks", id, "deliveries"],
    initialPageParam: "",
    queryFn: async ({ pageParam, signal }) => {
      const cursor = pageParam === "" ? {} : { cursor: pageParam };
      return await readDeliveries(api, { id, limit: PAGE, ...cursor }, { signal });
    },
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });
