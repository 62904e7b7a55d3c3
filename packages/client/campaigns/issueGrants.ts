import type { Hex } from "viem";

import { issueGrants as route } from "@compute-credits/api/allowances/grants";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import { type GrantTerms, sentTerms } from "./grantTerms.ts";

/** One outcome for each grant, in order, and how many were refused. */
export type IssuedGrants = AnswerBody<typeof route>;

export interface NewGrant extends GrantTerms {
  /** your own name of the grant, unique in the campaign */
  readonly id: string;
  /** a wallet's address, or `apiKeySpender(key)` */
  readonly spender: Hex;
  /** seconds since 1970; the campaign's, if absent */
  readonly startsAt?: bigint;
  /** seconds since 1970; the campaign's, if absent */
  readonly expiresAt?: bigint;
}

/**
 * Gives spenders credits out of a campaign, an allowance that its owner signed. For an issuing key,
 * or with `signCampaignAccess` as the credentials of `api`. A grant with the
 * same `id` and terms again changes nothing. Look at each outcome: a refused grant rejects nothing.
 */
export async function issueGrants(
  api: Api,
  {
    campaign,
    grants,
  }: {
    /** the id of the campaign's allowance */
    readonly campaign: Hex;
    readonly grants: readonly NewGrant[];
  },
  options?: CallOptions,
): Promise<IssuedGrants> {
  const body = {
    grants: grants.map(({ id, spender, startsAt, expiresAt, ...terms }) => ({
      id,
      spender,
      ...sentTerms(terms),
      startsAt: startsAt ?? null,
      expiresAt: expiresAt ?? null,
    })),
  };
  return await api.call(route, { params: { id: campaign }, body }, options);
}
