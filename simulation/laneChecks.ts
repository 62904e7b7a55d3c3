import { isDeepStrictEqual } from "node:util";

import type { AllowanceMessage } from "@compute-credits/protocol/messages/allowance";
import type { Hold } from "@compute-credits/rules/holds/hold";
import type { Debited, UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { Performed } from "./serverPool.ts";
import { Disagreement } from "./disagreement.ts";
import { periodOf } from "./model/budget.ts";
import { keyOf } from "./model/keyOf.ts";
import type { LedgerModel } from "./model/ledgerModel.ts";
import type { ModelHold } from "./model/state.ts";
import { saidByEvent } from "./fingerprint.ts";

/** From the question to the answer: the ledger acted at some moment of it. */
export interface Window {
  readonly from: Date;
  readonly until: Date;
}

export function isPeriodOf(
  message: AllowanceMessage,
  period: bigint,
  { from, until }: Window,
): boolean {
  return periodOf(message, from) <= period && period <= periodOf(message, until);
}

export function momentsOfDebits(
  events: readonly UsageEvent[],
  answers: readonly (readonly UsageOutcome[])[],
  model: LedgerModel,
): Date[] {
  const moments = new Set<number>();
  for (const answer of answers) {
    for (const [index, outcome] of answer.entries()) {
      const event = events[index];
      if (event === undefined || outcome.result === "refused") continue;
      if (!model.events.has(keyOf(event))) moments.add(outcome.recordedAt.getTime());
    }
  }
  return [...moments].toSorted((a, b) => a - b).map((at) => new Date(at));
}

/** Of all answers about one event, one alone may claim to be the first. */
export function mustBeFirstOnce(
  events: readonly UsageEvent[],
  answers: readonly (readonly UsageOutcome[])[],
): void {
  const firsts = new Map<string, number>();
  for (const answer of answers) {
    for (const [index, outcome] of answer.entries()) {
      const event = events[index];
      if (event === undefined || outcome.result === "refused" || outcome.repeated) continue;
      const key = `${keyOf(event)}|${saidByEvent(event)}`;
      firsts.set(key, (firsts.get(key) ?? 0) + 1);
    }
  }
  for (const [event, count] of firsts) {
    if (count > 1) throw new Disagreement("an event was debited twice", { event, answers });
  }
}

export function firstTime(debit: Debited): Debited {
  return { ...debit, repeated: false };
}

export function around(performed: readonly Performed<"record">[]): Window {
  return {
    from: new Date(Math.min(...performed.map(({ from }) => from.getTime()))),
    until: new Date(Math.max(...performed.map(({ until }) => until.getTime()))),
  };
}

export function mustBeWithin({ from, until }: Window, at: Date, evidence: object): void {
  // One machine, one clock; the database's microseconds are cut off to milliseconds.
  if (at.getTime() < from.getTime() || at.getTime() > until.getTime()) {
    throw new Disagreement("a moment outside the call", { at, from, until, evidence });
  }
}

export function mustEqual(
  what: string,
  actual: unknown,
  expected: unknown,
  evidence: object,
): void {
  if (!isDeepStrictEqual(actual, expected)) {
    throw new Disagreement(`${what} is not as the model has it`, { actual, expected, evidence });
  }
}

export function plainHold(hold: Hold) {
  const { parts, createdAt, expiresAt, capturedMicros, resolution, spender } = hold;
  const { rateCardVersion } = hold.rate;
  return { parts, createdAt, expiresAt, capturedMicros, resolution, spender, rateCardVersion };
}

export function plainModelHold(hold: ModelHold) {
  const { parts, createdAt, expiresAt, capturedMicros, resolution, spender, price } = hold;
  const rateCardVersion = price.version;
  return { parts, createdAt, expiresAt, capturedMicros, resolution, spender, rateCardVersion };
}
