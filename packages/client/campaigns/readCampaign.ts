import type { Hex } from "viem";

import { listGrants } from "@compute-credits/api/allowances/grants";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { PageOptions } from "../http/pages.ts";

/** A campaign with its use, and a page of the grants out of it, in micro-credits. */
export type Campaign = AnswerBody<typeof listGrants>;

/**
 * Reads a campaign and a page of its grants, oldest first. For the account's owner, its view keys,
 * the campaign's issuing keys, operators and auditors.
 */
export async function readCampaign(
  api: Api,
  { campaign, ...query }: { readonly campaign: Hex } & PageOptions,
  options?: CallOptions,
): Promise<Campaign> {
  return await api.call(listGrants, { params: { id: campaign }, query }, options);
}
