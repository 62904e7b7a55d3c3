import type { Hex } from "viem";

import { addCodes as route } from "@compute-credits/api/allowances/promotionCodes";
import type { AnswerBody } from "@compute-credits/api/route";
import { promotionCodeHash } from "@compute-credits/protocol/messages/promotionCode";
import type { Api, CallOptions } from "../http/api.ts";
import { type GrantTerms, sentTerms } from "./grantTerms.ts";

/** One outcome for each code, in order, and how many were refused. */
export type AddedCodes = AnswerBody<typeof route>;

/** A code, and what each redemption of it gives. */
export interface NewCode extends GrantTerms {
  /** as people type it, such as `createPromotionCode` makes; it stays here: its hash is sent */
  readonly code: string;
  /** how often it is redeemed at most; once, if absent */
  readonly maxRedemptions?: bigint;
  /** seconds since 1970: it is not redeemed from then on; until the campaign ends, if absent */
  readonly redeemBy?: bigint;
  /** how long each grant lasts from its redemption on; until the campaign ends, if absent */
  readonly validSeconds?: bigint;
}

/**
 * Adds promotion codes to a campaign. For an issuing key, or with `signCampaignAccess` as the
 * credentials of `api`. A code with the same terms again changes nothing. Look at each outcome: a
 * refused code rejects nothing.
 */
export async function addCodes(
  api: Api,
  { campaign, codes }: { readonly campaign: Hex; readonly codes: readonly NewCode[] },
  options?: CallOptions,
): Promise<AddedCodes> {
  const body = {
    codes: codes.map(({ code, maxRedemptions, redeemBy, validSeconds, ...terms }) => ({
      codeHash: promotionCodeHash(code),
      ...sentTerms(terms),
      maxRedemptions: maxRedemptions ?? 1n,
      redeemBy: redeemBy ?? 0n,
      validSeconds: validSeconds ?? 0n,
    })),
  };
  return await api.call(route, { params: { id: campaign }, body }, options);
}
