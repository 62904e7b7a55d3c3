import type { Hex } from "viem";

import { setCampaignRule as route } from "@compute-credits/api/allowances/campaignRules";
import type { AnswerBody } from "@compute-credits/api/route";
import type { RuleKind } from "@compute-credits/protocol/json/ruleKinds";
import type { Api, CallOptions } from "../http/api.ts";
import { type GrantTerms, sentTerms } from "./grantTerms.ts";

/** A campaign's rule, and how many accounts were granted to. */
export type CampaignRule = AnswerBody<typeof route>;

/** What is asked of an account, and what it is granted once. */
export interface NewRule extends GrantTerms {
  readonly kind: RuleKind;
  /** micro-credits that the account must have bought, spent or earned; at least 1 */
  readonly atLeastMicros: bigint;
  /** the most accounts that are granted to */
  readonly maxGrants: bigint;
  /** seconds since 1970: nothing is claimed from then on; until the campaign ends, if absent */
  readonly claimBy?: bigint;
  /** how long each grant lasts from its claim on; until the campaign ends, if absent */
  readonly validSeconds?: bigint;
}

/**
 * Sets a campaign's rule, for good: a campaign has one, and it counts what accounts do from now on.
 * For an issuing key, or with `signCampaignAccess` as the credentials of `api`. The same rule again
 * changes nothing; one that no account could meet is refused.
 */
export async function setCampaignRule(
  api: Api,
  { campaign, rule }: { readonly campaign: Hex; readonly rule: NewRule },
  options?: CallOptions,
): Promise<CampaignRule> {
  const { kind, atLeastMicros, maxGrants, claimBy, validSeconds, ...terms } = rule;
  const body = {
    kind,
    atLeastMicros,
    maxGrants,
    claimBy: claimBy ?? 0n,
    validSeconds: validSeconds ?? 0n,
    ...sentTerms(terms),
  };
  return await api.call(route, { params: { id: campaign }, body }, options);
}
