import { Router } from "express";
import type { Address } from "viem";

import {
  TOP_UPS,
  addTopUpPolicy,
  listTopUpPolicies,
  stopTopUpPolicy,
} from "@compute-credits/api/topups/topUps";
import type { ChainForRequests } from "@compute-credits/platform/chain/chainForRequests";
import {
  type TopUpPolicyMessage,
  topUpPolicyId,
} from "@compute-credits/protocol/messages/topUpPolicy";
import type { TopUpTerms } from "@compute-credits/rules/topUps/decideTopUp";
import { checkSignature } from "../../http/checkSignature.ts";
import { mount } from "../../http/mount.ts";
import type { Permit } from "../../http/permit.ts";
import { type ProblemError, fail } from "../../http/problem.ts";
import type { StoredPolicy, TopUp, TopUpStore } from "../../stores/topUps/topUpStore.ts";

export interface TopUpDeps {
  readonly topUps: Pick<TopUpStore, "add" | "policiesOf" | "topUpsOf" | "stop">;
  /** the address that policies must name; `null`: this server offers none */
  readonly keeper: Address | null;
  /** the least that one top-up buys: the keeper pays its gas */
  readonly worthMicros: bigint;
  readonly chain: Pick<ChainForRequests, "deployment" | "signingOf">;
  readonly permit: Permit;
}

const LISTED = 100;

/** Signed top-up policies: handed to the keeper, read and stopped by the account's owner. */
export function topUpRoutes({ topUps, keeper, worthMicros, chain, permit }: TopUpDeps): Router {
  const router = Router();

  const shown = async (policies: readonly StoredPolicy[]) => {
    const ids = policies.map(({ id }) => id);
    const byPolicy = Map.groupBy(await topUps.topUpsOf(ids, TOP_UPS.shown), (one) => one.policy);
    return policies.map((policy) => describe(policy, byPolicy.get(policy.id) ?? []));
  };
  const shownOne = async (policy: StoredPolicy) =>
    describe(policy, await topUps.topUpsOf([policy.id], TOP_UPS.shown));

  mount(router, addTopUpPolicy, async ({ req, read, answer }) => {
    const { params, body } = read();
    await permit.check(addTopUpPolicy, req, { account: params.address });
    if (keeper === null) throw notOffered();
    const { policy, signature, belowMicros, targetMicros, runwayBelowSeconds } = body;
    const terms: TopUpTerms = {
      perTopUpMicros: policy.creditMicrosPerTopUp,
      belowMicros,
      targetMicros,
      runwayBelowSeconds: runwayBelowSeconds === undefined ? null : BigInt(runwayBelowSeconds),
    };
    const where = { account: params.address, keeper, worthMicros, now: new Date() };
    const mistake = mistakeIn(policy, terms, where);
    if (mistake !== null) throw fail(422, "top_up_policy_refused", mistake);
    const id = topUpPolicyId(chain.deployment, policy);
    await checkSignature(chain, {
      signer: policy.payer,
      role: "the payer of the policy",
      digest: id,
      signature,
    });
    const added = await topUps.add({ id, message: policy, signature, terms }, TOP_UPS.perAccount);
    if (added !== null) return answer(200, await shownOne(added));
    throw fail(
      429,
      "too_many_top_up_policies",
      `An account has at most ${TOP_UPS.perAccount} policies that are not stopped. Stop one first.`,
    );
  });

  mount(router, listTopUpPolicies, async ({ req, read, answer }) => {
    const { address: account } = read().params;
    await permit.check(listTopUpPolicies, req, { account });
    const policies = await topUps.policiesOf(account);
    return answer(200, { keeper, policies: await shown(policies.slice(-LISTED)) });
  });

  mount(router, stopTopUpPolicy, async ({ req, read, answer }) => {
    const { address: account, policy: id } = read().params;
    await permit.check(stopTopUpPolicy, req, { account });
    const stopped = await topUps.stop(account, id);
    if (stopped === null) {
      throw fail(
        404,
        "top_up_policy_not_found",
        "This account has no top-up policy with this id. GET …/top-ups lists them.",
      );
    }
    return answer(200, await shownOne(stopped));
  });

  return router;
}

function notOffered(): ProblemError {
  return fail(
    501,
    "top_ups_not_offered",
    "This server tops nothing up: its operator sets KEEPER_PRIVATE_KEY.",
  );
}

/** Why the policy could never buy what is asked of it, in a sentence that says what to change. */
function mistakeIn(
  policy: TopUpPolicyMessage,
  { belowMicros, targetMicros }: TopUpTerms,
  {
    account,
    keeper,
    worthMicros,
    now,
  }: {
    readonly account: Address;
    readonly keeper: Address;
    readonly worthMicros: bigint;
    readonly now: Date;
  },
): string | null {
  if (policy.account !== account) return `policy.account must be ${account}, as in the path.`;
  if (policy.keeper !== keeper) return `policy.keeper must be ${keeper}, this server's keeper.`;
  if (policy.creditMicrosPerTopUp < worthMicros) {
    return `policy.creditMicrosPerTopUp must be at least ${worthMicros}, which is worth its gas.`;
  }
  if (policy.creditMicrosPerTopUp > policy.maxCreditMicrosPerPeriod) {
    return "policy.maxCreditMicrosPerPeriod must be at least creditMicrosPerTopUp.";
  }
  if (policy.expiresAt <= policy.startsAt) return "policy.expiresAt must be after startsAt.";
  if (policy.expiresAt * 1_000n <= BigInt(now.getTime())) return "policy.expiresAt is over.";
  if (targetMicros < belowMicros + policy.creditMicrosPerTopUp) {
    return "targetMicros must be at least belowMicros and creditMicrosPerTopUp together.";
  }
  return null;
}

function describe(policy: StoredPolicy, topUps: readonly TopUp[]) {
  const { id, message, terms } = policy;
  return {
    id,
    ...message,
    belowMicros: terms.belowMicros,
    runwayBelowSeconds: terms.runwayBelowSeconds,
    targetMicros: terms.targetMicros,
    addedAt: policy.addedAt,
    refusedAt: policy.refusedAt,
    refusal: policy.refusal,
    retryAt: policy.retryAt,
    stoppedAt: policy.stoppedAt,
    stoppedAs: policy.stoppedAs,
    topUps: topUps.map(({ number, state, begunAt, sentAt, endedAt, transactionHash }) => ({
      number,
      state,
      begunAt,
      sentAt,
      endedAt,
      transactionHash,
    })),
  };
}
