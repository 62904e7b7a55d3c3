import { queryOptions } from "@tanstack/react-query";
import type { Address } from "viem";

import { readStatement } from "@compute-credits/client/insight/readStatement";
import { api } from "./api.ts";

/** What moved between two balances. It is not read again by itself: a statement is of one moment. */
export const statementQuery = (
  account: Address,
  range: { readonly from: Date; readonly to: Date },
) =>
  queryOptions({
    queryKey: ["own", account, "statement", range.from.toISOString(), range.to.toISOString()],
    queryFn: async ({ signal }) => await readStatement(api, { account, ...range }, { signal }),
  });
