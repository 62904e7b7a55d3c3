import type { Hex } from "viem";

import { revokeAllowance } from "@compute-credits/api/allowances/allowances";
import type { Api, CallOptions } from "../http/api.ts";
import { signRevocation } from "../wallet/signedAllowance.ts";
import type { Signing } from "../wallet/signing.ts";
import type { StoredAllowance } from "./postAllowance.ts";

/**
 * Signs the revocation of one allowance, and sends it. From the answer on it pays for nothing new,
 * and open holds can still be captured. The court still counts its cap until `revokeAll`.
 */
export async function revoke(
  api: Api,
  { wallet, deployment, copies }: Signing,
  { allowance }: { readonly allowance: Hex },
  options?: CallOptions,
): Promise<StoredAllowance> {
  const signature = await signRevocation(wallet, deployment, allowance, copies);
  return await api.call(
    revokeAllowance,
    { params: { id: allowance }, body: { signature } },
    { ...options, credentials: "omit" },
  );
}
