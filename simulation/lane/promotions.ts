import { isDeepStrictEqual } from "node:util";

import type { Redemption } from "../../server/stores/allowances/grantStore.ts";
import { DisagreementError } from "../disagreement.ts";
import { codeKey, grantKey, redemptionKey } from "../model/keyOf.ts";
import { assertIssuing } from "./allowances.ts";
import { assertEqual, assertWithin } from "./laneChecks.ts";
import type { LaneState, OperationOf } from "./laneState.ts";
import { assertPredicted } from "./predictions.ts";

export async function addCodes(
  { serverPool, journal, model }: LaneState,
  { campaign, codes, issuer }: OperationOf<"addCodes">,
): Promise<void> {
  const result = await serverPool.call("addCodes", { campaign, codes, issuer });
  const { output: outcomes, lost } = result;
  journal.addCodes(campaign, codes, result);
  assertIssuing(model, result, { campaign, issuer, outcomes });
  if ("reason" in outcomes) return;
  for (const [index, code] of codes.entries()) {
    const outcome = outcomes[index];
    const isKnown = model.codes.has(codeKey({ campaign, ...code }));
    const predicted = model.addCode(campaign, code);
    const seen =
      outcome?.result === "added"
        ? { added: true, repeated: lost > 0 && !isKnown ? false : outcome.repeated }
        : { refused: outcome?.refusal.reason };
    // With a lost answer, an earlier code of the same request is a repetition, too.
    const isExplained = lost > 0 && "added" in predicted && outcome?.result === "added";
    if (!isExplained && !isDeepStrictEqual(seen, predicted)) {
      const evidence = { campaign, code, outcome, predicted };
      throw new DisagreementError("the model predicts another code", evidence);
    }
  }
}

export async function closeCode(
  { serverPool, journal, model }: LaneState,
  operation: OperationOf<"closeCode">,
): Promise<void> {
  const result = await serverPool.call("closeCode", operation);
  const { output } = result;
  journal.addClosure(operation, result);
  const known = model.codes.get(codeKey(operation));
  if (output === null || known === undefined) {
    if (output !== null || known !== undefined) {
      throw new DisagreementError("a code is missing, or unknown", { operation, output, known });
    }
    return;
  }
  const { redemptions, closedAt, ...terms } = output;
  if (closedAt === null) throw new DisagreementError("a code is not closed", { operation, output });
  if (known.closedAt === null) assertWithin(result, closedAt, operation);
  else assertEqual("a closure", closedAt, known.closedAt, operation);
  assertEqual("a code's terms", terms, known.terms, operation);
  assertEqual("a code's redemptions", redemptions, known.redemptions, operation);
  model.closeCode(operation, closedAt);
}

export async function redeemCodes(
  state: LaneState,
  { requests }: OperationOf<"redeem">,
): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- a predicted lane is sequential
  for (const request of requests) await redeem(state, request);
}

async function redeem(
  { serverPool, journal, model }: LaneState,
  request: Redemption,
): Promise<void> {
  const result = await serverPool.call("redeem", request);
  journal.addRedemption(request, result);
  const { output, lost } = result;
  const attempt = (at: Date) => model.redeem(request, { issued: null, at });
  if (output.result === "refused") {
    const answer = { refused: output.refusal.reason };
    assertPredicted(model, result, { answer, attempt, request });
    return;
  }
  const { grant, repeated } = output;
  const { createdAt } = grant;
  const isKnown = model.grants.has(grantKey(request.campaign, redemptionKey(request)));
  // A request whose first answer was lost repeats itself.
  const isFirst = !isKnown && (lost > 0 || !repeated);
  if (isFirst) assertWithin(result, createdAt, { request, grant });
  const window = isFirst ? { from: createdAt, until: createdAt } : result;
  const answer = { redeemed: true, repeated: !isFirst };
  assertPredicted(model, window, { answer, attempt, request });
  model.redeem(request, { issued: grant, at: createdAt });

  const known = model.allowance(grant.id);
  const { message, scope, campaign, revokedAt, accepted } = grant;
  assertEqual(
    "a redeemed grant",
    { message, scope, campaign, createdAt, revokedAt, accepted },
    {
      message: known.message,
      scope: known.scope,
      campaign: known.campaign,
      createdAt: known.createdAt,
      revokedAt: known.revokedAt,
      accepted: known.accepted,
    },
    { request },
  );
}
