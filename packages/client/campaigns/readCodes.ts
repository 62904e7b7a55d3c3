import type { Hex } from "viem";

import { listCodes } from "@compute-credits/api/allowances/promotionCodes";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { PageOptions } from "../http/pages.ts";

/** A page of codes, by their hashes, and how often each was redeemed. */
export type Codes = AnswerBody<typeof listCodes>;

/**
 * Reads a page of a campaign's codes. For the account's owner, the campaign's issuing keys,
 * operators and auditors.
 */
export async function readCodes(
  api: Api,
  { campaign, ...query }: { readonly campaign: Hex } & PageOptions,
  options?: CallOptions,
): Promise<Codes> {
  return await api.call(listCodes, { params: { id: campaign }, query }, options);
}
