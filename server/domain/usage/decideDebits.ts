import type { Address, Hex } from "viem";

import type { Account } from "../accounts/account.ts";
import type { AllowanceUsage } from "../allowances/allowance.ts";
import { type Price, feeOf, price } from "../rates/price.ts";
import type { RateCard } from "../rates/rateCard.ts";
import { type Charge, SpendingDraft, type SpendingState } from "../spending/spendingDraft.ts";
import type { Debited, UsageOutcome, UsageRefusal } from "./outcome.ts";
import { type UsageEvent, payloadHash } from "./usageEvent.ts";

/** All that a decision depends on, as read under the accounts' locks. */
export interface LedgerState extends SpendingState {
  /** events of this batch that are debited already */
  readonly known: ReadonlyMap<string, KnownEvent>;
  readonly rateCards: readonly RateCard[];
}

export interface KnownEvent {
  readonly payloadHash: Hex;
  readonly outcome: Debited;
}

export interface UsageRules {
  readonly feeBps: bigint;
  readonly maxEventAgeSeconds: number;
  readonly maxEventAheadSeconds: number;
}

/** A row to write: what one allowance pays of one event. */
export interface Debit extends Charge {
  readonly event: UsageEvent;
  readonly part: number;
  readonly feeMicros: bigint;
  readonly rateCardVersion: number;
  readonly payloadHash: Hex;
}

export interface Decision {
  /** one for each event, in the order of the events */
  readonly outcomes: readonly UsageOutcome[];
  readonly debits: readonly Debit[];
  /** the new state of each account and allowance that paid */
  readonly accounts: ReadonlyMap<Address, Account>;
  readonly usages: ReadonlyMap<Hex, AllowanceUsage>;
}

/** The key that makes an event unique. */
export function eventKey({ provider, id }: Pick<UsageEvent, "provider" | "id">): string {
  return `${provider}/${id}`;
}

/**
 * Decides a batch in its order, each event wholly or not at all. Strict: no debit takes an account below zero (I1), an
 * allowance over its limit, or an account over the cap that the allowance's owner signed (I4).
 */
export function decideDebits(
  events: readonly UsageEvent[],
  state: LedgerState,
  rules: UsageRules,
): Decision {
  const draft = new SpendingDraft(state);
  const known = new Map(state.known);
  const debits: Debit[] = [];

  function decide(event: UsageEvent): UsageOutcome {
    const hash = payloadHash(event);
    const before = known.get(eventKey(event));
    if (before !== undefined) {
      return before.payloadHash === hash
        ? { ...before.outcome, repeated: true }
        : refused({ reason: "event_id_conflict" });
    }

    const untimely = checkAge(event, state.now, rules);
    if (untimely !== null) return refused(untimely);

    const priced: Price = price(state.rateCards, event);
    if ("refusal" in priced) return refused({ reason: priced.refusal });
    const { costMicros, rateCardVersion } = priced;

    const usable = draft.usable(event);
    if ("reason" in usable) return refused(usable);

    const charges = draft.take(usable, costMicros, "spent");
    if ("reason" in charges) return refused(charges);

    for (const [part, charge] of charges.entries()) {
      const feeMicros = feeOf(charge.amountMicros, rules.feeBps);
      debits.push({ ...charge, event, part, feeMicros, rateCardVersion, payloadHash: hash });
    }
    const outcome: Debited = {
      result: "debited",
      costMicros,
      rateCardVersion,
      charges,
      recordedAt: state.now,
      repeated: false,
    };
    known.set(eventKey(event), { payloadHash: hash, outcome });
    return outcome;
  }

  return { outcomes: events.map(decide), debits, ...draft.changes };
}

function checkAge(
  { occurredAt }: UsageEvent,
  now: Date,
  { maxEventAgeSeconds, maxEventAheadSeconds }: UsageRules,
): UsageRefusal | null {
  const ageSeconds = (now.getTime() - occurredAt.getTime()) / 1000;
  if (ageSeconds > maxEventAgeSeconds) {
    return { reason: "event_too_old", limitSeconds: maxEventAgeSeconds };
  }
  if (ageSeconds < -maxEventAheadSeconds) {
    return { reason: "event_in_future", limitSeconds: maxEventAheadSeconds };
  }
  return null;
}

function refused(refusal: UsageRefusal): UsageOutcome {
  return { result: "refused", refusal };
}
