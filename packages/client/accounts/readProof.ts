import type { Address, Hex } from "viem";

import { getProof } from "@compute-credits/api/accounts/accounts";
import type { Row } from "@compute-credits/protocol/tree/row";
import type { Api, CallOptions } from "../http/api.ts";

/** A party's row in the last final checkpoint, and the hashes from it up to the root. */
export interface ProvenRow {
  readonly epoch: bigint;
  readonly root: Hex;
  readonly row: Row;
  readonly proof: readonly Hex[];
}

/**
 * Reads a party's row of the last final checkpoint with its proof: what `settleRow` takes. For
 * anyone. Rejects with `row_not_found` before the party's first final checkpoint, and if no
 * checkpoint is pending that has its row.
 */
export async function readProof(
  api: Api,
  {
    party,
    of,
  }: {
    readonly party: Address;
    /** the checkpoint that the contract does not settle yet, in place of the final one */
    readonly of?: "final" | "pending";
  },
  options?: CallOptions,
): Promise<ProvenRow> {
  return await api.call(getProof, { params: { address: party }, query: { of } }, options);
}
