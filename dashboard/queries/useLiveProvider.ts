import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Address } from "viem";

import { watch } from "@compute-credits/client/http/live";
import { balanceQuery } from "./account.ts";
import { api } from "./api.ts";

/** Sums are read again at most so often, however many charges there are. */
const PAUSE_MS = 700;

/** Reads what is shown of a provider again when it charged, held or gave something back. */
export function useLiveProvider(provider: Address): void {
  const queries = useQueryClient();
  useEffect(() => {
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const readAgain = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: ["own", provider, "changing"] });
        void queries.invalidateQueries({ queryKey: balanceQuery(provider).queryKey });
      }, PAUSE_MS);
    };
    void (async () => {
      try {
        for await (const _ of watch(api.url, { provider }, { signal: ended.signal })) readAgain();
      } catch {
        // Left, signed out, or the server stays away: then reading says so, too.
      }
    })();
    return () => {
      ended.abort();
      clearTimeout(timer);
    };
  }, [queries, provider]);
}
