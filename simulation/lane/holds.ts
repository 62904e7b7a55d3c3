import { DisagreementError } from "../disagreement.ts";
import { asFirst, assertEqual, assertWithin, plainHold, plainModelHold } from "./laneChecks.ts";
import { keyOf } from "../model/keyOf.ts";
import type { LaneState, OperationOf } from "./laneState.ts";
import { assertPredicted } from "./predictions.ts";

export async function authorize(
  { serverPool, journal, model, quotes }: LaneState,
  { request }: OperationOf<"authorize">,
): Promise<void> {
  const quoted = request.quoteNumber === null ? null : quotes.get(request.quoteNumber);
  // The ledger refused to quote, so there is no quote to use.
  if (quoted === null && request.quoteNumber !== null) return;
  const quote = quoted?.predicted ?? null;
  const { quoteNumber: _, ...work } = request;
  const result = await serverPool.call("authorize", { ...work, quote: quoted?.signed ?? null });
  journal.addHold(request, result, quote?.price ?? null);
  const { output, lost } = result;
  if (output.result === "refused") {
    const attempt = (at: Date) => model.authorize(request, quote, at);
    assertPredicted(model, result, { answer: output, attempt, request });
    return;
  }
  const { createdAt } = output.hold;
  const isKnown = model.holds.has(keyOf(request));
  if (!isKnown) {
    assertWithin(result, createdAt, { request, output });
    if (output.repeated && lost === 0) {
      throw new DisagreementError("a hold existed before its request", { request, output });
    }
  }
  const predicted = model.authorize(request, quote, isKnown ? result.until : createdAt);
  if (predicted.result !== "held") {
    throw new DisagreementError("the model refuses the hold", { request, output, predicted });
  }
  assertEqual("a hold", plainHold(output.hold), plainModelHold(predicted.hold), { request });
  if (lost === 0) assertEqual("a repetition", output.repeated, predicted.repeated, { request });
}

export async function capture(
  { serverPool, journal, model }: LaneState,
  { request }: OperationOf<"capture">,
): Promise<void> {
  const result = await serverPool.call("capture", request);
  journal.addCapture(request, result);
  const { output, lost } = result;
  if (output.result === "refused") {
    const attempt = (at: Date) => model.capture(request, at);
    assertPredicted(model, result, { answer: output, attempt, request });
    return;
  }
  const { recordedAt } = output.debit;
  const isKnown = model.events.has(keyOf({ provider: request.provider, id: request.eventId }));
  if (!isKnown) assertWithin(result, recordedAt, { request, output });
  const predicted = model.capture(request, isKnown ? result.until : recordedAt);
  if (predicted.result !== "captured") {
    throw new DisagreementError("the model refuses the capture", { request, output, predicted });
  }
  assertEqual("a captured hold", plainHold(output.hold), plainModelHold(predicted.hold), request);
  if (lost === 0) assertEqual("a capture", output.debit, predicted.debit, request);
  else assertEqual("a capture", asFirst(output.debit), asFirst(predicted.debit), request);
}

export async function release(
  { serverPool, model }: LaneState,
  { key }: OperationOf<"release">,
): Promise<void> {
  const result = await serverPool.call("release", key);
  const { output, lost } = result;
  if (output.result === "released") {
    const at = output.hold.resolution?.at;
    if (at === undefined) throw new DisagreementError("a released hold is open", { key, output });
    assertWithin(result, at, { key, output });
    const predicted = model.release(key, at);
    if (predicted.result !== "released") {
      throw new DisagreementError("the model refuses the release", { key, output, predicted });
    }
    assertEqual("a release", plainHold(output.hold), plainModelHold(predicted.hold), { key });
    return;
  }
  const { refusal } = output;
  // A lost attempt may have released the hold.
  if (lost > 0 && refusal.reason === "hold_resolved" && refusal.resolution.as === "released") {
    const known = model.holds.get(keyOf(key));
    if (known?.resolution === null) {
      assertWithin(result, refusal.resolution.at, { key, output });
      model.release(key, refusal.resolution.at);
      return;
    }
  }
  const attempt = (at: Date) => model.release(key, at);
  assertPredicted(model, result, { answer: output, attempt, request: key });
}

export async function extend(
  { serverPool, model }: LaneState,
  { request }: OperationOf<"extend">,
): Promise<void> {
  const result = await serverPool.call("extend", request);
  const { output, lost } = result;
  const attempt = (at: Date) => model.extend(request, at);
  const before = model.holds.get(keyOf(request));
  if (output.result === "refused" || before === undefined) {
    assertPredicted(model, result, { answer: output, attempt, request });
    return;
  }
  // The answer says when it was decided only if it moved the end.
  const { expiresAt } = output.hold;
  const ttlMs = (request.ttlSeconds ?? 0) * 1000;
  const moved = expiresAt > before.expiresAt ? new Date(expiresAt.getTime() - ttlMs) : null;
  if (moved !== null) assertWithin(result, moved, { request, output });
  const at =
    moved ??
    [result.until, result.from].find(
      (time) => model.trial(() => attempt(time)).result === "extended",
    ) ??
    result.until;
  const predicted = attempt(at);
  if (predicted.result !== "extended") {
    throw new DisagreementError("the model refuses the extension", { request, output, predicted });
  }
  assertEqual("an extended hold", plainHold(output.hold), plainModelHold(predicted.hold), request);
  if (lost === 0) assertEqual("a repetition", output.repeated, predicted.repeated, { request });
}
