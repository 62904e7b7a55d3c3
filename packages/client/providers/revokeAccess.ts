import type { Address } from "viem";

import { revokeProviderAccess } from "@compute-credits/api/providers/providerAccess";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import { signProviderAccessRevocation } from "../wallet/providerAccess.ts";
import type { Signing } from "../wallet/signing.ts";

/** A provider's access to a spender that ended, and when. */
export type RevokedAccess = AnswerBody<typeof revokeProviderAccess>;

/**
 * Ends a provider's access to a spender for good: with the spender's API key, or with its wallet,
 * which signs that. Open holds can still be captured.
 */
export async function revokeAccess(
  api: Api,
  {
    provider,
    by,
  }: { readonly provider: Address; readonly by: { readonly apiKey: string } | Signing },
  options?: CallOptions,
): Promise<RevokedAccess> {
  const body =
    "apiKey" in by
      ? { provider, apiKey: by.apiKey }
      : await signProviderAccessRevocation(by.wallet, by.deployment, provider);
  return await api.call(revokeProviderAccess, { body }, options);
}
