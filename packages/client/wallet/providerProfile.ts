import type { WalletClient } from "viem";

import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { providerProfileTypedData } from "@compute-credits/protocol/messages/providerProfile";
import { walletAccount } from "../chain/walletAccount.ts";
import { askWallet } from "./signing.ts";

/** What a provider says of itself. */
export interface ProfileOptions {
  /** at most 80 characters */
  readonly name: string;
  /** https URLs without a query, at most 8 */
  readonly endpoints?: readonly string[];
  /** such as `eu-west-1`, at most 16 */
  readonly regions?: readonly string[];
  /** such as `8 x H100 SXM`, at most 32 */
  readonly hardware?: readonly string[];
  /** an https URL */
  readonly terms?: string | null;
  /** whether the market shows the provider; it does, if absent */
  readonly listed?: boolean;
  /** seconds since 1970: the version; now, if absent */
  readonly issuedAt?: bigint;
}

/** Asks a provider's wallet for its profile: the body of `POST /v1/profiles`. */
export async function signProviderProfile(
  wallet: WalletClient,
  deployment: Deployment,
  {
    name,
    endpoints = [],
    regions = [],
    hardware = [],
    terms = null,
    listed = true,
    issuedAt = BigInt(Math.floor(Date.now() / 1000)),
  }: ProfileOptions,
) {
  const account = walletAccount(wallet);
  const said = { provider: account.address, name, endpoints, regions, hardware, listed, issuedAt };
  const typedData = providerProfileTypedData(deployment, { ...said, terms: terms ?? "" });
  const signature = await askWallet(() => wallet.signTypedData({ account, ...typedData }));
  return {
    ...said,
    endpoints: [...endpoints],
    regions: [...regions],
    hardware: [...hardware],
    terms,
    signature,
  };
}
