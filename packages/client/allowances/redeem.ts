import type { Hex } from "viem";

import { redeemCode } from "@compute-credits/api/allowances/promotionCodes";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { SignedAcceptance } from "../wallet/signedAcceptance.ts";
import { speaking } from "./accept.ts";

/** The grant that a code gave, with its use, in micro-credits. */
export type RedeemedGrant = AnswerBody<typeof redeemCode>;

/**
 * Redeems a promotion code for a grant out of a campaign: for the spender whose API key is the
 * credentials of `api`, or for the wallet that signed `acceptance`. Again it has the same grant,
 * with `repeated`.
 */
export async function redeem(
  api: Api,
  {
    campaign,
    code,
    acceptance,
  }: {
    /** the id of the campaign's allowance */
    readonly campaign: Hex;
    /** as it was printed */
    readonly code: string;
    /** what `signAcceptance` signed of the campaign's account */
    readonly acceptance?: SignedAcceptance;
  },
  options?: CallOptions,
): Promise<RedeemedGrant> {
  const params = { id: campaign };
  if (acceptance === undefined)
    return await api.call(redeemCode, { params, body: { code } }, options);
  const { spender, signedAt, signature } = acceptance;
  const body = { code, spender, signedAt, signature };
  return await api.call(redeemCode, { params, body }, speaking(body, options));
}
