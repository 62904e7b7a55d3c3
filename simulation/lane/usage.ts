import { isDeepStrictEqual } from "node:util";

import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import { DisagreementError } from "../disagreement.ts";
import {
  type Window,
  asFirst,
  assertEqual,
  assertOneFirst,
  assertWithin,
  debitMoments,
  windowOf,
} from "./laneChecks.ts";
import { keyOf } from "../model/keyOf.ts";
import type { LedgerModel } from "../model/ledgerModel.ts";
import type { LaneState, OperationOf } from "./laneState.ts";
import { predictRecord } from "./predictions.ts";

export async function recordEvents(
  { serverPool, journal, model }: LaneState,
  { events, twice }: OperationOf<"record">,
): Promise<void> {
  const results = await Promise.all(
    Array.from({ length: twice ? 2 : 1 }, () => serverPool.call("record", events)),
  );
  for (const result of results) journal.addEvents(events, result);

  const window = windowOf(results);
  const answers = results.map(({ output }) => output);
  const hadNoCrash = results.every(({ lost }) => lost === 0);
  const [only] = answers;
  const moments = debitMoments(events, answers, model);
  for (const moment of moments) assertWithin(window, moment, { events, answers });

  if (answers.length === 1 && hadNoCrash && only !== undefined) {
    assertOnlyAttempt(model, { events, answer: only, window, moments });
    return;
  }
  const predictions = applyAttempts(model, { events, answers, window, moments });
  assertExplained(events, answers, predictions);
  if (hadNoCrash) assertOneFirst(events, answers);
}

/**
 * Checks the answer of a call that was made once: it has one time, and the model predicts it whole.
 */
function assertOnlyAttempt(
  model: LedgerModel,
  {
    events,
    answer,
    window,
    moments,
  }: {
    events: readonly UsageEvent[];
    answer: readonly UsageOutcome[];
    window: Window;
    moments: readonly Date[];
  },
): void {
  const [at, another] = moments;
  if (another !== undefined) throw new DisagreementError("one batch has two times", { answer });
  const predictions = predictRecord(model, events, window);
  if (at === undefined) {
    // Nothing was debited, so each outcome may be of another time.
    const isPredicted = (outcome: UsageOutcome, index: number) =>
      predictions.some((each) => isDeepStrictEqual(outcome, each[index]));
    if (answer.every(isPredicted)) return;
    throw disagreement(events, answer, predictions);
  }
  const early = refusedBeforeDebits(model, { events, answer, at, predictions });
  const decided = model.record(
    events.filter((_, index) => !early.has(index)),
    at,
  );
  const answered = answer.filter((_, index) => !early.has(index));
  if (isDeepStrictEqual(decided, answered)) return;
  throw disagreement(events, answer, [decided, ...predictions]);
}

/** The places of an event and of all others of its group. */
function placesOf(events: readonly UsageEvent[], index: number): readonly number[] {
  const group = events[index]?.group;
  if (group === undefined) return [index];
  return [...events.keys()].filter((other) => events[other]?.group === group);
}

/**
 * Whether an outcome is a refusal that the model predicts for some time of the call, together with
 * the outcomes of the event's whole group.
 */
function isRefusedEarlier(
  events: readonly UsageEvent[],
  answer: readonly UsageOutcome[],
  predictions: readonly Predicted[],
): (index: number) => boolean {
  return (index) => {
    if (answer[index]?.result !== "refused") return false;
    const places = placesOf(events, index);
    return predictions.some((each) =>
      places.every((place) => isDeepStrictEqual(answer[place], each[place])),
    );
  };
}

/**
 * Finds the events that were refused at an earlier time than that of the debits, before their
 * locks: a period may have turned in between. Later events of the batch do not see them.
 */
function refusedBeforeDebits(
  model: LedgerModel,
  {
    events,
    answer,
    at,
    predictions,
  }: {
    events: readonly UsageEvent[];
    answer: readonly UsageOutcome[];
    at: Date;
    predictions: readonly (readonly UsageOutcome[])[];
  },
): ReadonlySet<number> {
  const isEarlier = isRefusedEarlier(events, answer, predictions);
  const early = new Set<number>();
  for (;;) {
    const rest = [...events.keys()].filter((index) => !early.has(index));
    const outcomes = model.trial(() =>
      model.record(
        events.filter((_, index) => !early.has(index)),
        at,
      ),
    );
    const found = rest.find(
      (index, n) => !isDeepStrictEqual(outcomes[n], answer[index]) && isEarlier(index),
    );
    if (found === undefined) return early;
    for (const place of placesOf(events, found)) early.add(place);
  }
}

/** Shows the outcomes that no prediction has. */
function disagreement(
  events: readonly UsageEvent[],
  answer: readonly UsageOutcome[],
  predictions: readonly (readonly UsageOutcome[])[],
): DisagreementError {
  const differing = answer.flatMap((outcome, index) => {
    const predicted = predictions.map((each) => each[index]);
    return predicted.some((each) => isDeepStrictEqual(each, outcome))
      ? []
      : [{ index, event: events[index], outcome, predicted }];
  });
  const evidence = { differing, events, answer, predictions };
  return new DisagreementError("the model predicts another outcome", evidence);
}

/**
 * Applies several attempts of one batch to the model, each at the time when it debited. Returns all
 * predictions before, between and after them: each attempt answers according to one of these.
 */
function applyAttempts(
  model: LedgerModel,
  {
    events,
    answers,
    window,
    moments,
  }: {
    events: readonly UsageEvent[];
    answers: readonly (readonly UsageOutcome[])[];
    window: Window;
    moments: readonly Date[];
  },
): Predicted[] {
  const predictions: Predicted[] = [...predictRecord(model, events, window)];
  for (const at of moments) {
    const early = refusedByAllBefore(model, { events, answers, at, predictions });
    const decided = [...events.keys()].filter((index) => !early.has(index));
    const outcomes = model.record(
      decided.flatMap((index) => events[index] ?? []),
      at,
    );
    const predicted = new Map(decided.map((index, n) => [index, outcomes[n]]));
    for (const [index, outcome] of predicted) {
      if (outcome === undefined || isAcknowledged(outcome, answers, index)) continue;
      const seen = answers.map((answer) => answer[index]);
      const evidence = { event: events[index], predicted: outcome, answers: seen };
      throw new DisagreementError("a predicted debit was not acknowledged", evidence);
    }
    predictions.push(
      events.map((_, index) => predicted.get(index)),
      ...predictRecord(model, events, window),
    );
  }
  return predictions;
}

/** Outcomes of a batch by position; undefined for events that were not decided then. */
type Predicted = readonly (UsageOutcome | undefined)[];

/** Whether an answer has the debit, if the outcome is one that was not there before. */
function isAcknowledged(
  outcome: UsageOutcome,
  answers: readonly (readonly UsageOutcome[])[],
  index: number,
): boolean {
  if (outcome.result !== "debited" || outcome.repeated) return true;
  return answers.some(({ [index]: answer }) =>
    isDeepStrictEqual(answer?.result === "debited" ? asFirst(answer) : null, outcome),
  );
}

function isDebitedAfter(outcome: UsageOutcome | undefined, at: Date): boolean {
  return outcome?.result === "debited" && outcome.recordedAt > at;
}

/**
 * Finds the events that attempts refused at an earlier time than that of the debits: see
 * `refusedBeforeDebits`. Another attempt may have debited them later.
 */
function refusedByAllBefore(
  model: LedgerModel,
  {
    events,
    answers,
    at,
    predictions,
  }: {
    events: readonly UsageEvent[];
    answers: readonly (readonly UsageOutcome[])[];
    at: Date;
    predictions: readonly Predicted[];
  },
): ReadonlySet<number> {
  const early = new Set<number>();
  for (;;) {
    const rest = [...events.keys()].filter((index) => !early.has(index));
    const outcomes = model.trial(() =>
      model.record(
        rest.flatMap((index) => events[index] ?? []),
        at,
      ),
    );
    const found = rest.find((index, n) => {
      const outcome = outcomes[n];
      return (
        outcome !== undefined &&
        !isAcknowledged(outcome, answers, index) &&
        answers.some((answer) => isRefusedEarlier(events, answer, predictions)(index)) &&
        answers.every(
          (answer) =>
            isRefusedEarlier(events, answer, predictions)(index) ||
            isDebitedAfter(answer[index], at),
        )
      );
    });
    if (found === undefined) return early;
    for (const place of placesOf(events, found)) early.add(place);
  }
}

/** Checks that some prediction explains each outcome, apart from which attempt was the first. */
function assertExplained(
  events: readonly UsageEvent[],
  answers: readonly (readonly UsageOutcome[])[],
  predictions: readonly Predicted[],
): void {
  for (const answer of answers) {
    for (const [index, outcome] of answer.entries()) {
      const isExplained = predictions.some((outcomes) => {
        const predicted = outcomes[index];
        if (predicted === undefined) return false;
        if (outcome.result === "debited" && predicted.result === "debited") {
          return isDeepStrictEqual(asFirst(outcome), asFirst(predicted));
        }
        return isDeepStrictEqual(outcome, predicted);
      });
      if (!isExplained) {
        throw new DisagreementError("no time explains the answer", {
          event: events[index],
          answer: outcome,
          predictions: predictions.map((outcomes) => outcomes[index]),
        });
      }
    }
  }
}

export async function voidEvent(
  { serverPool, journal, model }: LaneState,
  { provider, id }: OperationOf<"void">,
): Promise<void> {
  const key = { provider, id };
  const result = await serverPool.call("void", key);
  journal.addVoid(key, result);
  const { output, lost } = result;
  const known = model.events.get(keyOf(key));
  if (output.result === "voided" && known?.voidedAt === null) {
    assertWithin(result, output.voidedAt, { key, output });
    if (output.repeated && lost === 0) {
      throw new DisagreementError("the first void is answered as repeated", { key, output });
    }
    const predicted = model.void(key, output.voidedAt);
    assertEqual("a void", { ...output, repeated: false }, predicted, { key, known });
  } else {
    assertEqual("a void", output, model.void(key, result.until), { key, known });
  }
}
