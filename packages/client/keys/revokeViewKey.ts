import type { Hex } from "viem";

import { revokeViewKey as route } from "@compute-credits/api/keys/viewKeys";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { Signing } from "../wallet/signing.ts";
import { signViewKeyRevocation } from "../wallet/viewKey.ts";

/**
 * Signs the end of a view key, and sends it: for good, on every server from the answer on. With a
 * session, `revokeKey` does the same.
 */
export async function revokeViewKey(
  api: Api,
  { wallet, deployment }: Signing,
  { keyHash }: { readonly keyHash: Hex },
  options?: CallOptions,
): Promise<AnswerBody<typeof route>> {
  const body = await signViewKeyRevocation(wallet, deployment, keyHash);
  return await api.call(route, { params: { keyHash }, body }, { ...options, credentials: "omit" });
}
