import type { Api, CallOptions } from "../http/api.ts";
import { type AllowanceOptions, signAllowance } from "../wallet/signedAllowance.ts";
import type { Signing } from "../wallet/signing.ts";
import { type StoredAllowance, postAllowance } from "./postAllowance.ts";

/**
 * Signs an allowance of the wallet's credits to a spender, and stores it. With the spender's API key
 * it counts at once; otherwise once the spender accepts the account. Every call signs another one:
 * to repeat a request, send what was signed with `postAllowance`.
 */
export async function allow(
  api: Api,
  { wallet, deployment, copies }: Signing,
  {
    apiKey,
    ...allowance
  }: AllowanceOptions & {
    /** the spender's own, which accepts the account */
    readonly apiKey?: string;
  },
  options?: CallOptions,
): Promise<StoredAllowance> {
  const signed = await signAllowance(wallet, deployment, allowance, copies);
  return await postAllowance(api, { ...signed, apiKey }, options);
}
