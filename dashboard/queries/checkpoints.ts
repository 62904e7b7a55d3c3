import { queryOptions } from "@tanstack/react-query";

import { readServerCheckpoint } from "@compute-credits/client/checkpoints/readServerCheckpoint";
import { readServerCheckpoints } from "@compute-credits/client/checkpoints/readServerCheckpoints";
import { api } from "./api.ts";

const SHOWN = 10;

/** The newest checkpoints, as the server knows them. */
export const checkpointsQuery = queryOptions({
  queryKey: ["checkpoints"],
  queryFn: async ({ signal }) => await readServerCheckpoints(api, { limit: SHOWN }, { signal }),
});

/** One checkpoint, as the server knows it. */
export const checkpointQuery = (epoch: bigint) =>
  queryOptions({
    queryKey: ["checkpoints", `${epoch}`],
    queryFn: async ({ signal }) => await readServerCheckpoint(api, { epoch }, { signal }),
  });
