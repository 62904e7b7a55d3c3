import type { Address, ContractFunctionReturnType, PublicClient } from "viem";

import { creditsLensAbi } from "@compute-credits/protocol/abi/creditsLens";
import type { Row } from "@compute-credits/protocol/tree/row";
import { explained } from "./transact.ts";

/** Where the lens and the vault are. `GET /v1/deployment` names both. */
export interface LensConnection {
  readonly client: PublicClient;
  readonly lens: Address;
  readonly contract: Address;
}

/** All that a wallet's page shows of an account: micro-credits, token base units, Unix seconds. */
export type AccountView = ContractFunctionReturnType<typeof creditsLensAbi, "view", "accountOf">;

/** All that a page shows of a vault. */
export type VaultView = ContractFunctionReturnType<typeof creditsLensAbi, "view", "vaultOf">;

/** What settling a row would move now. */
export type ClaimView = ContractFunctionReturnType<typeof creditsLensAbi, "view", "claimOf">;

/** Reads an account in one call. */
export async function readAccount(
  { client, lens, contract }: LensConnection,
  account: Address,
): Promise<AccountView> {
  return await explained(() =>
    client.readContract({
      address: lens,
      abi: creditsLensAbi,
      functionName: "accountOf",
      args: [contract, account],
    }),
  );
}

/** Reads a vault in one call. */
export async function readVault({ client, lens, contract }: LensConnection): Promise<VaultView> {
  return await explained(() =>
    client.readContract({
      address: lens,
      abi: creditsLensAbi,
      functionName: "vaultOf",
      args: [contract],
    }),
  );
}

/** Reads what settling this row of the last final checkpoint would move now. */
export async function readClaim(
  { client, lens, contract }: LensConnection,
  row: Row,
): Promise<ClaimView> {
  return await explained(() =>
    client.readContract({
      address: lens,
      abi: creditsLensAbi,
      functionName: "claimOf",
      args: [contract, row],
    }),
  );
}
