import type { Hex } from "viem";

import { getCampaignRule } from "@compute-credits/api/allowances/campaignRules";
import type { Api, CallOptions } from "../http/api.ts";
import type { CampaignRule } from "./setCampaignRule.ts";

/** Reads what accounts must have done to claim a grant of a campaign. Needs no credentials. */
export async function readCampaignRule(
  api: Api,
  { campaign }: { readonly campaign: Hex },
  options?: CallOptions,
): Promise<CampaignRule> {
  return await api.call(getCampaignRule, { params: { id: campaign } }, options);
}
