import { isDeepStrictEqual } from "node:util";

import type { AllowanceMessage } from "@compute-credits/protocol/messages/allowance";
import type { Hold } from "@compute-credits/rules/holds/hold";
import type { Debited, UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { CallResult } from "../serverPool.ts";
import { DisagreementError } from "../disagreement.ts";
import { periodOf } from "../model/budget.ts";
import { keyOf } from "../model/keyOf.ts";
import type { LedgerModel } from "../model/ledgerModel.ts";
import { versionOf } from "../model/capturing.ts";
import type { ModelHold } from "../model/state.ts";
import { fingerprintOfEvent } from "../fingerprint.ts";

/** The time from a request to its answer, within which the ledger acted. */
export interface Window {
  readonly from: Date;
  readonly until: Date;
}

/** Checks whether a period overlaps a window. */
export function isPeriodOf(
  message: AllowanceMessage,
  period: bigint,
  { from, until }: Window,
): boolean {
  return periodOf(message, from) <= period && period <= periodOf(message, until);
}

/** Returns the times of all new debits in the answers, ascending. */
export function debitMoments(
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

/** Checks that at most one answer about an event is not a repetition. */
export function assertOneFirst(
  events: readonly UsageEvent[],
  answers: readonly (readonly UsageOutcome[])[],
): void {
  const firsts = new Map<string, number>();
  for (const answer of answers) {
    for (const [index, outcome] of answer.entries()) {
      const event = events[index];
      if (event === undefined || outcome.result === "refused" || outcome.repeated) continue;
      const key = `${keyOf(event)}|${fingerprintOfEvent(event)}`;
      firsts.set(key, (firsts.get(key) ?? 0) + 1);
    }
  }
  for (const [event, count] of firsts) {
    if (count > 1) throw new DisagreementError("an event was debited twice", { event, answers });
  }
}

/** Returns the debit as its first answer had it. */
export function asFirst(debit: Debited): Debited {
  return { ...debit, repeated: false };
}

export function windowOf(results: readonly CallResult<"record">[]): Window {
  return {
    from: new Date(Math.min(...results.map(({ from }) => from.getTime()))),
    until: new Date(Math.max(...results.map(({ until }) => until.getTime()))),
  };
}

export function assertWithin({ from, until }: Window, at: Date, evidence: object): void {
  // Both clocks are of this machine. The database's microseconds are truncated to milliseconds.
  if (at.getTime() < from.getTime() || at.getTime() > until.getTime()) {
    throw new DisagreementError("a time outside of the call", { at, from, until, evidence });
  }
}

export function assertEqual(
  what: string,
  actual: unknown,
  expected: unknown,
  evidence: object,
): void {
  if (!isDeepStrictEqual(actual, expected)) {
    throw new DisagreementError(`${what} differs from the model`, { actual, expected, evidence });
  }
}

export function plainHold({ lots, createdAt, expiresAt, resolution, spender }: Hold) {
  return {
    lots: lots.map(({ rate, ...lot }) => ({
      ...lot,
      rateCardVersion: rate.rateCardVersion,
    })),
    createdAt,
    expiresAt,
    resolution,
    spender,
  };
}

export function plainModelHold({ lots, createdAt, expiresAt, resolution, spender }: ModelHold) {
  return {
    lots: lots.map((lot) => {
      const { shares: _, capturedUnits: capturedQuantity, ...rest } = lot;
      return { ...rest, capturedQuantity, rateCardVersion: versionOf(lot) };
    }),
    createdAt,
    expiresAt,
    resolution,
    spender,
  };
}
