import { isDeepStrictEqual } from "node:util";

import type { Hex } from "viem";

import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import type { GrantRequest } from "@compute-credits/rules/grants/grant";
import type { CallResult } from "../serverPool.ts";
import { DisagreementError } from "../disagreement.ts";
import { type Window, assertEqual, assertWithin, isPeriodOf } from "./laneChecks.ts";
import type { LaneState, OperationOf } from "./laneState.ts";
import { decisiveTimes } from "./predictions.ts";

export async function addAllowance(
  { serverPool, journal, model }: LaneState,
  operation: OperationOf<"allow">,
): Promise<void> {
  const { signed, proof } = operation;
  const result = await serverPool.call("allow", { signed, proof });
  journal.addAllowance(signed, result);
  const {
    output: { allowance: output, changedAt },
    ...window
  } = result;
  const known = model.allowances.get(signed.id);
  const createdAt = known?.createdAt ?? output.createdAt;
  if (known === undefined) assertWithin(window, createdAt, operation);
  if (output.createdAt.getTime() !== createdAt.getTime()) {
    throw new DisagreementError("an allowance was created twice", { operation, output, known });
  }
  const period = output.usage.periodIndex;
  if (known === undefined && !isPeriodOf(signed.message, period, window)) {
    throw new DisagreementError("a budget starts in another period", { operation, output });
  }
  model.allow(signed, { createdAt, period, proof, acceptedAt: changedAt ?? createdAt });
}

export async function changeAcceptance(
  { serverPool, model }: LaneState,
  { change }: OperationOf<"accept">,
): Promise<void> {
  const { output, ...window } = await serverPool.call("accept", change);
  const changedAt = output.result === "refused" ? window.from : output.acceptance.changedAt;
  const predicted = model.accept(change, changedAt);
  const answered = output.result === "refused" ? output.refusal.reason : output.result;
  // A request whose first answer was lost changes nothing more.
  const isRepeated = window.lost > 0 && predicted === "changed" && answered === "unchanged";
  if (answered !== predicted && !isRepeated) {
    throw new DisagreementError("the model predicts another acceptance", {
      change,
      output,
      predicted,
    });
  }
}

export async function revoke(
  { serverPool, model }: LaneState,
  operation: OperationOf<"revoke">,
): Promise<void> {
  const { output, ...window } = await serverPool.call("revoke", { id: operation.id });
  const known = model.allowances.get(operation.id);
  const revokedAt = output?.revokedAt ?? null;
  if (revokedAt === null || known === undefined) {
    throw new DisagreementError("an allowance is not revoked", { operation, output });
  }
  if (known.revokedAt === null) assertWithin(window, revokedAt, operation);
  else assertEqual("a revocation", revokedAt, known.revokedAt, operation);
  model.revoke(operation.id, revokedAt);
}

export async function issueGrants(
  { serverPool, journal, model }: LaneState,
  { campaign, grants, issuer }: OperationOf<"issue">,
): Promise<void> {
  const result = await serverPool.call("issue", { campaign, grants, issuer });
  const { outcomes, issued } = result.output;
  journal.addGrants(campaign, grants, result);
  assertIssuing(model, result, { campaign, issuer, outcomes });
  if ("reason" in outcomes) return;
  for (const [index, request] of grants.entries()) {
    const outcome = outcomes[index];
    const allowance = issued[index] ?? null;
    assertGrant(model, result, { campaign, request, outcome, allowance });
  }
}

/** Checks that a campaign gives nothing for a reason, or that its issuer asked for it. */
export function assertIssuing(
  model: LaneState["model"],
  window: Window,
  {
    campaign,
    issuer,
    outcomes,
  }: { campaign: Hex; issuer: Hex; outcomes: { reason: string } | readonly unknown[] },
): void {
  if ("reason" in outcomes) {
    const reasons = decisiveTimes(model, window).map((at) =>
      model.campaignRefusal(campaign, issuer, at),
    );
    if (!reasons.includes(outcomes.reason)) {
      throw new DisagreementError("a campaign grants nothing", { campaign, outcomes, reasons });
    }
  } else if (!model.mayIssue(campaign, issuer)) {
    throw new DisagreementError("somebody issued from another's campaign", { campaign, issuer });
  }
}

type GrantOutcomes = Exclude<CallResult<"issue">["output"]["outcomes"], { reason: string }>;

function assertGrant(
  model: LaneState["model"],
  result: CallResult<"issue">,
  {
    campaign,
    request,
    outcome,
    allowance,
  }: {
    campaign: OperationOf<"issue">["campaign"];
    request: GrantRequest;
    outcome: GrantOutcomes[number] | undefined;
    allowance: Allowance | null;
  },
): void {
  const isKnown = model.grants.has(`${campaign}|${request.key}`);
  if (outcome?.result === "granted" && !isKnown && allowance !== null) {
    assertWithin(result, allowance.createdAt, { request, allowance });
  }
  const predictions = decisiveTimes(model, result).map((at) =>
    model.grant(campaign, request, { issued: null, at }),
  );
  const seen =
    outcome?.result === "granted"
      ? { granted: true, repeated: result.lost > 0 && !isKnown ? false : outcome.repeated }
      : { refused: outcome?.refusal.reason };
  if (!predictions.some((predicted) => isDeepStrictEqual(predicted, seen))) {
    const evidence = { request, outcome, predictions };
    throw new DisagreementError("the model predicts another grant", evidence);
  }
  if (allowance === null) return;
  model.grant(campaign, request, { issued: allowance, at: result.from });
  const known = model.allowance(allowance.id);
  assertEqual("a grant", allowance.message, known.message, { request });
  assertEqual("a grant's scope", allowance.scope, known.scope, { request });
}
