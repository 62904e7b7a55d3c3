import type { Address } from "viem";

import type { Debited, UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { HoldKey } from "@compute-credits/rules/holds/requests";
import type { VoidOutcome } from "../../server/stores/usage/usageLedger.ts";
import { RULES } from "../limits.ts";
import { fingerprintOfEvent } from "../fingerprint.ts";
import type { ModelState } from "./modelState.ts";
import { keyOf } from "./keyOf.ts";
import { findPayers, isRefusal, payersOf } from "./payers.ts";
import { modelFee } from "./price.ts";
import { findModelRate, priceOf } from "./pricing.ts";
import { refused } from "./refused.ts";
import { costOfShares, usesOfShares } from "./sharing.ts";
import type { ModelEvent } from "./state.ts";

export function recordOne(modelState: ModelState, event: UsageEvent, at: Date): UsageOutcome {
  const key = keyOf(event);
  const existing = modelState.events.get(key);
  if (existing !== undefined) {
    return existing.fingerprint === fingerprintOfEvent(event)
      ? { ...existing.outcome, repeated: true }
      : refused({ reason: "event_id_conflict" });
  }

  const age = at.getTime() - event.occurredAt.getTime();
  const { maxEventAgeSeconds, maxEventAheadSeconds } = RULES;
  if (age > maxEventAgeSeconds * 1000) {
    return refused({ reason: "event_too_old", limitSeconds: maxEventAgeSeconds });
  }
  if (-age > maxEventAheadSeconds * 1000) {
    return refused({ reason: "event_in_future", limitSeconds: maxEventAheadSeconds });
  }

  const rate = findModelRate(modelState, event, event.occurredAt, at);
  if (typeof rate === "string") return refused({ reason: rate });
  const payers = payersOf(modelState, event, at);
  if (isRefusal(payers)) return refused(payers);
  const price = (account: Address) => priceOf(modelState, rate, { ...event, account, at });
  const work = { quantity: event.quantity, priceOf: price };
  const charged = findPayers(modelState, payers, work, { into: "spent", at });
  if (isRefusal(charged)) return refused(charged);
  const { charges, shares, make } = charged;
  make();

  const outcome: Debited = {
    result: "debited",
    costMicros: costOfShares(shares, event.quantity),
    rateCardVersion: rate.version,
    charges,
    recordedAt: at,
    repeated: false,
  };
  addEvent(modelState, key, {
    fingerprint: fingerprintOfEvent(event),
    provider: event.provider,
    outcome,
    takenAt: charges.map(() => at),
    uses: usesOfShares(shares, 0n, event.quantity),
    voidedAt: null,
  });
  return outcome;
}

/**
 * Records a batch in order. Of a group, all new events are recorded or none, at the place of its
 * first.
 */
export function recordAll(
  modelState: ModelState,
  events: readonly UsageEvent[],
  at: Date,
): UsageOutcome[] {
  const outcomes: UsageOutcome[] = [];
  for (const [index, event] of events.entries()) {
    if (outcomes[index] !== undefined) continue;
    const { group } = event;
    const places =
      group === undefined ? [index] : [...events.keys()].filter((n) => events[n]?.group === group);
    const members = places.flatMap((place) => events[place] ?? []);
    const decided = group === undefined ? [recordOne(modelState, event, at)] : together(members);
    for (const [n, place] of places.entries()) {
      const outcome = decided[n];
      if (outcome !== undefined) outcomes[place] = outcome;
    }
  }
  return outcomes;

  function together(members: readonly UsageEvent[]): UsageOutcome[] {
    const isKnown = members.map((member) => modelState.events.has(keyOf(member)));
    const decided = modelState.allOrNothing(
      () => members.map((member) => recordOne(modelState, member, at)),
      (each) => each.every(({ result }) => result === "debited"),
    );
    const failed = decided.findIndex(({ result }) => result === "refused");
    const culprit = members[failed];
    if (culprit === undefined) return decided;
    return decided.map((outcome, n) =>
      n === failed || isKnown[n] === true
        ? outcome
        : refused({ reason: "group_refused", id: culprit.id }),
    );
  }
}

/** Adds an event, its provider's earnings and its tier usage. */
export function addEvent(modelState: ModelState, key: string, event: ModelEvent): void {
  modelState.set(modelState.events, key, event);
  for (const [use, units] of event.uses) modelState.countUnits(use, units);
  for (const { amountMicros } of event.outcome.charges) {
    modelState.earn(event.provider, amountMicros - modelFee(amountMicros));
  }
}

export function voidOne(modelState: ModelState, key: HoldKey, at: Date): VoidOutcome {
  const event = modelState.events.get(keyOf(key));
  if (event === undefined) return { result: "refused", reason: "event_not_found" };
  const { outcome, voidedAt } = event;
  const { costMicros: amountMicros } = outcome;
  if (voidedAt !== null) return { result: "voided", amountMicros, voidedAt, repeated: true };
  const containing = modelState.checkpoints.find(
    ({ dropped, cutAt }) => !dropped && cutAt.getTime() >= outcome.recordedAt.getTime(),
  );
  if (containing !== undefined) {
    return { result: "refused", reason: "already_settled", epoch: containing.epoch };
  }
  const isWrittenOff = outcome.charges.some(({ account }) => {
    const writtenOffAt = modelState.writtenOffAt.get(account);
    return writtenOffAt !== undefined && writtenOffAt >= outcome.recordedAt;
  });
  if (isWrittenOff) return { result: "refused", reason: "written_off" };

  for (const [n, { account, allowance, amountMicros: back }] of outcome.charges.entries()) {
    modelState.changeAccount(account, { spent: modelState.account(account).spent - back });
    modelState.serveWaiting(account, back);
    modelState.returnToBudgets(allowance, {
      at,
      takenAt: event.takenAt[n] ?? outcome.recordedAt,
      budget: back,
      spent: -back,
    });
    modelState.earn(event.provider, modelFee(back) - back);
  }
  for (const [use, units] of event.uses) modelState.countUnits(use, -units);
  modelState.set(modelState.events, keyOf(key), { ...event, voidedAt: at });
  return { result: "voided", amountMicros, voidedAt: at, repeated: false };
}
