import { MULTIPLIER } from "../cards.ts";
import { DisagreementError } from "../disagreement.ts";
import { dimensionsText } from "../fingerprint.ts";
import { assertEqual, assertWithin } from "./laneChecks.ts";
import type { LaneState, OperationOf } from "./laneState.ts";
import { assertPredicted, decisiveTimes } from "./predictions.ts";

export async function quote(
  { serverPool, model, quotes }: LaneState,
  { number, request }: OperationOf<"quote">,
): Promise<void> {
  const result = await serverPool.call("quote", request);
  const { output: signed } = result;
  const predictions = decisiveTimes(model, result).map((at) => model.quote(request, at));
  if ("refusal" in signed) {
    quotes.set(number, null);
    if (!predictions.some((each) => each.refusal === signed.refusal)) {
      const evidence = { request, quote: signed, predictions };
      throw new DisagreementError("the model predicts a quote", evidence);
    }
    return;
  }
  const { message } = signed;
  const predicted = predictions.find(
    (each) =>
      each.price !== undefined &&
      each.costMicros === message.costMicros &&
      BigInt(each.price.version) === message.rateCardVersion,
  );
  const expiresAt = new Date(Number(message.expiresAt) * 1000);
  const quotedAt = expiresAt.getTime() - request.ttlSeconds * 1000;
  // The quote's time is truncated to seconds, so it may be up to a second before the request.
  const isInTime = quotedAt > result.from.getTime() - 1000 && quotedAt <= result.until.getTime();
  if (predicted?.price === undefined || !isInTime) {
    const evidence = { request, quote: signed, predictions };
    throw new DisagreementError("the model predicts another quote", evidence);
  }
  const { provider, account, meter, quantity } = request;
  const dimensions = dimensionsText(request.dimensions);
  const work = { provider, account, meter, dimensions, quantity };
  quotes.set(number, { signed, predicted: { ...work, price: predicted.price, expiresAt } });
}

export async function reportUtilisation(
  { serverPool, model }: LaneState,
  { report }: OperationOf<"utilisation">,
): Promise<void> {
  const result = await serverPool.call("utilisation", report);
  const { output, lost } = result;
  if ("step" in output) {
    const { step, effectiveFrom, afterBps } = output.step;
    assertWithin(result, new Date(effectiveFrom.getTime() - 1), { report, output });
    // A report has no id, so a lost attempt may have made a step too, if a step's time has passed.
    const lostSteps = Math.min(lost, step - 1 - model.stepCount(report, effectiveFrom));
    for (let left = lostSteps; left > 0; left--) {
      const at = new Date(effectiveFrom.getTime() - left * MULTIPLIER.stepSeconds * 1000);
      if (at >= result.from) model.stepMultiplier(report, at);
    }
    const predicted = model.stepMultiplier(report, effectiveFrom);
    assertEqual("a step", { afterBps }, predicted, { report, output });
    return;
  }
  if (output.refusal === "step_too_soon" && lost > 0) {
    // A lost attempt may have made the step that this attempt is too soon after.
    const at = new Date(output.nextStepAt.getTime() - MULTIPLIER.stepSeconds * 1000);
    if (at >= result.from) {
      model.stepMultiplier(report, at);
      return;
    }
  }
  assertPredicted(model, result, {
    answer: { refusal: output.refusal },
    // A step takes effect in the next millisecond.
    attempt: (at) => model.stepMultiplier(report, new Date(at.getTime() + 1)),
    request: report,
  });
}
