import type { Debited, UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { HoldKey } from "../../server/stores/holds/holdStore.ts";
import type { VoidOutcome } from "../../server/stores/usage/usageLedger.ts";
import { RULES } from "../limits.ts";
import { saidByEvent } from "../fingerprint.ts";
import type { ModelBooks } from "./modelState.ts";
import { keyOf } from "./keyOf.ts";
import { isRefusal, payersOf, take } from "./payers.ts";
import { modelCost, modelFee } from "./price.ts";
import { foundRate, priceOf } from "./pricing.ts";
import { refused } from "./refused.ts";
import type { ModelEvent } from "./state.ts";

export function recordOne(books: ModelBooks, event: UsageEvent, at: Date): UsageOutcome {
  const key = keyOf(event);
  const before = books.events.get(key);
  if (before !== undefined) {
    return before.said === saidByEvent(event)
      ? { ...before.outcome, repeated: true }
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

  const rate = foundRate(books, event, event.occurredAt, at);
  if (typeof rate === "string") return refused({ reason: rate });
  const payers = payersOf(books, event, at);
  if (isRefusal(payers)) return refused(payers);
  const { account } = payers[0].message;
  const price = priceOf(books, rate, { ...event, account, at });
  const costMicros = modelCost(price, event.quantity);
  const charges = take(books, payers, costMicros, { into: "spent", at });
  if (isRefusal(charges)) return refused(charges);

  const outcome: Debited = {
    result: "debited",
    costMicros,
    rateCardVersion: rate.version,
    charges,
    recordedAt: at,
    repeated: false,
  };
  log(books, key, {
    said: saidByEvent(event),
    provider: event.provider,
    outcome,
    takenAt: at,
    use: price.use,
    units: event.quantity,
    voidedAt: null,
  });
  return outcome;
}

/** Writes an event down, with what its provider earns and what it uses of a tier. */
export function log(books: ModelBooks, key: string, event: ModelEvent): void {
  books.set(books.events, key, event);
  books.countUnits(event.use, event.units);
  for (const { amountMicros } of event.outcome.charges) {
    books.earn(event.provider, amountMicros - modelFee(amountMicros));
  }
}

export function takeBack(books: ModelBooks, key: HoldKey, at: Date): VoidOutcome {
  const event = books.events.get(keyOf(key));
  if (event === undefined) return { result: "refused", reason: "event_not_found" };
  const { outcome, voidedAt } = event;
  const { costMicros: amountMicros } = outcome;
  if (voidedAt !== null) return { result: "voided", amountMicros, voidedAt, repeated: true };
  const holder = books.checkpoints.find(
    ({ dropped, cutAt }) => !dropped && cutAt.getTime() >= outcome.recordedAt.getTime(),
  );
  if (holder !== undefined) {
    return { result: "refused", reason: "already_settled", epoch: holder.epoch };
  }

  for (const { account, allowance, amountMicros: back } of outcome.charges) {
    books.changeAccount(account, { spent: books.account(account).spent - back });
    books.serveWaiting(account, back);
    books.giveBack(allowance, { at, takenAt: event.takenAt, budget: back, spent: -back });
    books.earn(event.provider, modelFee(back) - back);
  }
  books.countUnits(event.use, -event.units);
  books.set(books.events, keyOf(key), { ...event, voidedAt: at });
  return { result: "voided", amountMicros, voidedAt: at, repeated: false };
}
