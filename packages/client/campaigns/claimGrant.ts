import type { Address, Hex } from "viem";

import { claimGrant as route } from "@compute-credits/api/allowances/campaignRules";
import type { AnswerBody } from "@compute-credits/api/route";
import { speaking } from "../allowances/accept.ts";
import type { Api, CallOptions } from "../http/api.ts";
import type { SignedAcceptance } from "../wallet/signedAcceptance.ts";

/** The grant that a rule gave an account, with its use, in micro-credits. */
export type ClaimedGrant = AnswerBody<typeof route>;

/**
 * Claims an account's grant of a campaign's rule. It becomes the spender's that claims: the key in
 * the credentials of `api`, which `account` signed an allowance for, or the account's own wallet,
 * which signed `acceptance`. An account is granted to once; again it has the same grant, with
 * `repeated`.
 */
export async function claimGrant(
  api: Api,
  {
    campaign,
    account,
    referrer,
    acceptance,
  }: {
    /** the id of the campaign's allowance */
    readonly campaign: Hex;
    readonly account: Address;
    /** the account that brought it: its address is its referral code */
    readonly referrer?: Address;
    /** what `signAcceptance` signed of the campaign's account with the wallet of `account` */
    readonly acceptance?: SignedAcceptance;
  },
  options?: CallOptions,
): Promise<ClaimedGrant> {
  const named = { account, ...(referrer === undefined ? {} : { referrer }) };
  const body =
    acceptance === undefined
      ? named
      : { ...named, signedAt: acceptance.signedAt, signature: acceptance.signature };
  return await api.call(route, { params: { id: campaign }, body }, speaking(body, options));
}
