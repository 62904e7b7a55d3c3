import { isDeepStrictEqual } from "node:util";

import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import { DisagreementError } from "../disagreement.ts";
import type { Window } from "./laneChecks.ts";
import type { LedgerModel } from "../model/ledgerModel.ts";

/**
 * Returns the times in a window at which a prediction can change. New seconds turn periods; holds,
 * cards and multipliers change at a millisecond.
 */
export function decisiveTimes(model: LedgerModel, { from, until }: Window): Date[] {
  const times = new Set([from.getTime(), until.getTime()]);
  const second = Math.floor(from.getTime() / 1000) * 1000;
  for (let at = second + 1000; at <= until.getTime(); at += 1000) times.add(at);
  for (const { expiresAt, resolution } of model.holds.values()) {
    const at = expiresAt.getTime();
    if (resolution === null && at > from.getTime() && at <= until.getTime()) times.add(at);
  }
  const turns = [
    ...model.cards.map(({ effectiveFrom }) => effectiveFrom),
    ...[...model.steps.values()].flatMap((steps) => steps.slice(-1).map(({ at }) => at)),
  ];
  for (const turn of turns) if (turn > from && turn <= until) times.add(turn.getTime());
  return [...times].toSorted((a, b) => a - b).map((at) => new Date(at));
}

/** Predicts a batch's outcomes at each decisive time. Leaves the model unchanged. */
export function predictRecord(
  model: LedgerModel,
  events: readonly UsageEvent[],
  window: Window,
): UsageOutcome[][] {
  return decisiveTimes(model, window).map((at) => model.trial(() => model.record(events, at)));
}

/** Checks that `attempt` predicts the answer at some decisive time. Leaves the model unchanged. */
export function assertPredicted(
  model: LedgerModel,
  window: Window,
  { answer, attempt, request }: { answer: object; attempt: (at: Date) => object; request: object },
): void {
  const predictions = decisiveTimes(model, window).map((at) => model.trial(() => attempt(at)));
  if (!predictions.some((predicted) => isDeepStrictEqual(predicted, answer))) {
    const evidence = { request, answer, predictions };
    throw new DisagreementError("the model predicts another outcome", evidence);
  }
}
