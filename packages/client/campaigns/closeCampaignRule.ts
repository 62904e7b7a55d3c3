import type { Hex } from "viem";

import { closeCampaignRule as route } from "@compute-credits/api/allowances/campaignRules";
import type { Api, CallOptions } from "../http/api.ts";
import type { CampaignRule } from "./setCampaignRule.ts";

/**
 * Closes a campaign's rule for good. The grants that it gave stay. For an issuing key, or with
 * `signCampaignAccess` as the credentials of `api`.
 */
export async function closeCampaignRule(
  api: Api,
  { campaign }: { readonly campaign: Hex },
  options?: CallOptions,
): Promise<CampaignRule> {
  return await api.call(route, { params: { id: campaign } }, options);
}
