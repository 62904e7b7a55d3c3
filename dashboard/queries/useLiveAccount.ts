import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Address } from "viem";

import { watch } from "@compute-credits/client/http/live";
import { balanceQuery } from "./account.ts";
import { api } from "./api.ts";

/** Lists and sums are read again at most so often, however many debits there are. */
const PAUSE_MS = 700;

/**
 * Keeps what is shown of an account up to date: the balance from the events themselves, lists and
 * sums by reading them again.
 */
export function useLiveAccount(account: Address): void {
  const queries = useQueryClient();
  useEffect(() => {
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const readAgain = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: ["own", account, "changing"] });
      }, PAUSE_MS);
    };
    void (async () => {
      try {
        for await (const event of watch(api.url, { account }, { signal: ended.signal })) {
          if (event.event === "balance") {
            const { queryKey } = balanceQuery(account);
            queries.setQueryData(queryKey, (known) => known && { ...known, ...event.data });
          } else if (event.event === "reset") {
            void queries.invalidateQueries({ queryKey: ["own", account] });
          }
          readAgain();
        }
      } catch {
        // Left, signed out, or the server stays away: then reading says so, too.
      }
    })();
    return () => {
      ended.abort();
      clearTimeout(timer);
    };
  }, [queries, account]);
}
