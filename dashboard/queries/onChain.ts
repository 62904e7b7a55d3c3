import { queryOptions, skipToken } from "@tanstack/react-query";
import type { Address } from "viem";

import type { ContractConnection } from "@compute-credits/client/chain/readCheckpoints";
import type { ChainAccess } from "../chain/ChainAccess.tsx";
import { readParty, readRoot, readThreshold } from "../chain/rowOnChain.ts";
import type { ServerFacts } from "./server.ts";

/** What the vault has of a party, read without the server. */
export const partyOnChainQuery = (
  server: ServerFacts,
  access: ChainAccess | null,
  party: Address,
) =>
  queryOptions({
    queryKey: ["row", "onChain", party, access?.through],
    queryFn:
      access === null
        ? skipToken
        : async () => await readParty(await connection(server, access), party),
  });

/** A checkpoint's root on chain, read without the server. */
export const rootOnChainQuery = (
  server: ServerFacts,
  access: ChainAccess | null,
  epoch: bigint | null,
) =>
  queryOptions({
    queryKey: ["row", "root", `${epoch}`, access?.through],
    queryFn:
      access === null || epoch === null
        ? skipToken
        : async () => await readRoot(await connection(server, access), epoch),
  });

/** How many signatures of a checkpoint the contract wants. */
export const thresholdQuery = (server: ServerFacts, access: ChainAccess | null) =>
  queryOptions({
    queryKey: ["threshold", access?.through],
    queryFn:
      access === null
        ? skipToken
        : async () => await readThreshold(await connection(server, access)),
  });

/** The vault, read through what this browser has. */
export async function connection(
  { deployment, deploymentBlock }: ServerFacts,
  { client }: ChainAccess,
): Promise<ContractConnection> {
  return { client: await client(), contract: deployment.contract, deploymentBlock };
}
