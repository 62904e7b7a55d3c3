import type { Hex } from "viem";

import { revokeProviderKey as route } from "@compute-credits/api/providers/providerKeys";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import { signProviderKeyRevocation } from "../wallet/providerKey.ts";
import type { Signing } from "../wallet/signing.ts";

/** A provider's key that ended, and when. */
export type RevokedProviderKey = AnswerBody<typeof route>;

/**
 * Signs the end of a provider's key, and sends it: for good, on every server from the answer on.
 * With a session, `revokeKey` does the same.
 */
export async function revokeProviderKey(
  api: Api,
  { wallet, deployment }: Signing,
  { keyHash }: { readonly keyHash: Hex },
  options?: CallOptions,
): Promise<RevokedProviderKey> {
  const body = await signProviderKeyRevocation(wallet, deployment, keyHash);
  return await api.call(route, { params: { keyHash }, body }, options);
}
