import { DisagreementError } from "../disagreement.ts";
import { asFirst, assertEqual, assertWithin, plainHold, plainModelHold } from "./laneChecks.ts";
import { keyOf } from "../model/keyOf.ts";
import { toCaptureRequest, toHoldRequest } from "../model/holdRequest.ts";
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
  const result = await serverPool.call("authorize", {
    request: toHoldRequest(request),
    quote: quoted?.signed ?? null,
  });
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
  const result = await serverPool.call("capture", toCaptureRequest(request));
  journal.addCapture(request, result);
  const { output, lost } = result;
  if (output.result === "refused") {
    const attempt = (at: Date) => model.capture(request, at);
    assertPredicted(model, result, { answer: output, attempt, request });
    return;
  }
  const { recordedAt } = output.debit;
  const isKnown = request.lines.some(({ eventId: id }) =>
    model.events.has(keyOf({ provider: request.provider, id })),
  );
  if (!isKnown) assertWithin(result, recordedAt, { request, output });
  const predicted = model.capture(request, isKnown ? result.until : recordedAt);
  if (predicted.result !== "captured") {
    throw new DisagreementError("the model refuses the capture", { request, output, predicted });
  }
  assertEqual("a captured hold", plainHold(output.hold), plainModelHold(predicted.hold), request);
  const plain = ({ debit, lines }: Pick<typeof output, "debit" | "lines">) => ({
    debit: lost === 0 ? debit : asFirst(debit),
    lines: lines.map((line) => (lost === 0 ? line : { ...line, debit: asFirst(line.debit) })),
  });
  assertEqual("a capture", plain(output), plain(predicted), request);
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
  { serverPool, journal, model }: LaneState,
  { request }: OperationOf<"extend">,
): Promise<void> {
  const result = await serverPool.call("extend", request);
  journal.addExtension(request, result);
  const { output, lost } = result;
  const attempt = (at: Date) => model.extend(request, at);
  const before = model.holds.get(keyOf(request));
  if (output.result === "refused" || before === undefined) {
    assertPredicted(model, result, { answer: output, attempt, request });
    return;
  }
  // The answer says when it was decided only if it added units, or moved the end.
  const { expiresAt, lots } = output.hold;
  const added = lots.length > before.lots.length ? (lots.at(-1)?.heldAt ?? null) : null;
  const ttlMs = (request.ttlSeconds ?? 0) * 1000;
  const moved = expiresAt > before.expiresAt ? new Date(expiresAt.getTime() - ttlMs) : null;
  const decided = added ?? moved;
  if (decided !== null) assertWithin(result, decided, { request, output });
  const at =
    decided ??
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
