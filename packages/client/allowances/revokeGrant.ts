import type { Hex } from "viem";

import { revokeAllowance } from "@compute-credits/api/allowances/allowances";
import type { Api, CallOptions } from "../http/api.ts";
import type { StoredAllowance } from "./postAllowance.ts";

/**
 * Ends a grant for good. For its issuer: an issuing key of its campaign, or `CampaignAccess` of the
 * account's owner.
 */
export async function revokeGrant(
  api: Api,
  { grant }: { readonly grant: Hex },
  options?: CallOptions,
): Promise<StoredAllowance> {
  return await api.call(revokeAllowance, { params: { id: grant }, body: {} }, options);
}
