import { addTopUpPolicy as route } from "@compute-credits/api/topups/topUps";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { SignedTopUpPolicy } from "../wallet/topUpPolicy.ts";

/** A policy with what the keeper did for it. */
export type TopUpPolicy = AnswerBody<typeof route>;

/** When the keeper begins, and how far it goes. */
export interface TopUpWishes {
  readonly belowMicros: bigint;
  /** at least `belowMicros` and one top-up */
  readonly targetMicros: bigint;
  /** also when the credits last shorter, at the last day's burn */
  readonly runwayBelowSeconds?: number;
}

/** Hands the keeper a signed policy. For the account's owner, with its session. */
export async function addTopUpPolicy(
  api: Api,
  { policy, signature }: SignedTopUpPolicy,
  { belowMicros, targetMicros, runwayBelowSeconds }: TopUpWishes,
  options?: CallOptions,
): Promise<TopUpPolicy> {
  const body = {
    policy: {
      ...policy,
      creditMicrosPerTopUp: `${policy.creditMicrosPerTopUp}`,
      maxCreditMicrosPerPeriod: `${policy.maxCreditMicrosPerPeriod}`,
      salt: `${policy.salt}`,
    },
    signature,
    belowMicros: `${belowMicros}`,
    targetMicros: `${targetMicros}`,
    ...(runwayBelowSeconds === undefined ? {} : { runwayBelowSeconds }),
  };
  return await api.call(route, { params: { address: policy.account }, body }, options);
}
