import type { CallBound } from "@compute-credits/platform/chain/boundedCalls";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { createDepositChain } from "@compute-credits/platform/chain/depositChain";
import type { Database } from "@compute-credits/platform/postgres/database";
import type { Config } from "./config.ts";
import { createDepositWatchStore } from "./stores/deposits/postgresDepositWatchStore.ts";

/** What deposits are told and swept with, or `null` if the operator names no contract. */
export function openDeposits(
  { rpcUrls, purchases }: Pick<Config, "rpcUrls" | "purchases">,
  {
    database,
    chain: { deployment },
    callBound,
  }: {
    readonly database: Database;
    readonly chain: Pick<ChainReader, "deployment">;
    readonly callBound: CallBound;
  },
) {
  const { depositAddresses, sweeper, sweepWorthMicros, maxDepositWatches } = purchases;
  if (depositAddresses === null) return null;
  const { contract } = deployment;
  const chain = createDepositChain({ rpcUrls, contract, depositAddresses });
  return {
    chain,
    askedChain: {
      address: chain.address,
      read: (accounts: Parameters<typeof chain.read>[0]) => callBound(() => chain.read(accounts)),
    },
    watches: createDepositWatchStore(database, { most: maxDepositWatches }),
    sweepsFromMicros: sweeper === null ? null : sweepWorthMicros,
  };
}
