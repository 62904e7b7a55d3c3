import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { watch } from "@compute-credits/client/http/live";
import { api } from "./api.ts";
import { checkpointsQuery } from "./checkpoints.ts";

/** Reads checkpoints and rows again whenever the server tells of a checkpoint. */
export function useLiveCheckpoints(): void {
  const queries = useQueryClient();
  useEffect(() => {
    const ended = new AbortController();
    void (async () => {
      try {
        for await (const _ of watch(api.url, { checkpoints: true }, { signal: ended.signal })) {
          void queries.invalidateQueries({ queryKey: checkpointsQuery.queryKey });
          void queries.invalidateQueries({ queryKey: ["row"] });
        }
      } catch {
        // Left, or the server stays away: the lists say when they cannot be read.
      }
    })();
    return () => ended.abort();
  }, [queries]);
}
