import { queryOptions } from "@tanstack/react-query";
import type { Address } from "viem";

import { type ProvenRow, readProof } from "@compute-credits/client/accounts/readProof";
import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { api } from "./api.ts";

/** A party's row of the last final checkpoint with its proof; `null` before its first one. */
export const rowQuery = (party: Address) =>
  queryOptions({
    queryKey: ["row", party],
    queryFn: async ({ signal }): Promise<ProvenRow | null> => {
      try {
        return await readProof(api, { party }, { signal });
      } catch (error) {
        if (error instanceof CreditsError && error.reason === "row_not_found") return null;
        throw error;
      }
    },
  });
