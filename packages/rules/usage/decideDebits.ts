import type { Address, Hex } from "viem";

import { MAX_MICROS } from "@compute-credits/protocol/amounts";
import type { Account } from "../accounts/account.ts";
import type { AllowanceUsage } from "../allowances/allowance.ts";
import { pricePinned } from "../pricing/pinnedRate.ts";
import { feeOf, pricedAt } from "../pricing/price.ts";
import { type PriceBasis, basisOf } from "../pricing/priceBasis.ts";
import { PriceDraft, type PriceState, type TierUnits } from "../pricing/priceDraft.ts";
import {
  type Charge,
  SpendingDraft,
  type SpendingState,
  firstPayer,
} from "../spending/spendingDraft.ts";
import type { Debited, UsageOutcome, UsageRefusal } from "./outcome.ts";
import { type Payload, type UsageEvent, payloadHash, saysTheSame } from "./usageEvent.ts";

/** All that a decision depends on, as read under the accounts' locks. */
export interface LedgerState extends SpendingState {
  /** events of this batch that are debited already */
  readonly known: ReadonlyMap<string, KnownEvent>;
  readonly prices: PriceState;
  /** when the vault was frozen: nothing that comes after could ever be settled */
  readonly frozenAt: Date | null;
}

export interface KnownEvent {
  /** what its provider sent, or a hash of that */
  readonly sent: Payload | Hex;
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
  readonly priceBasis: PriceBasis;
  /** of what was sent, where the event is not all of it */
  readonly payloadHash: Hex | null;
}

export interface Decision {
  /** one for each event, in the order of the events */
  readonly outcomes: readonly UsageOutcome[];
  readonly debits: readonly Debit[];
  /** the new state of each account and allowance that paid */
  readonly accounts: ReadonlyMap<Address, Account>;
  readonly usages: ReadonlyMap<Hex, AllowanceUsage>;
  /** to add to what accounts have used of tiered rates */
  readonly tierUnits: readonly TierUnits[];
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
  const prices = new PriceDraft(state.prices);
  const known = new Map(state.known);
  const debits: Debit[] = [];

  function decide(event: UsageEvent): UsageOutcome {
    const key = eventKey(event);
    const before = known.get(key);
    if (before !== undefined) {
      return isRepetition(event, before)
        ? { ...before.outcome, repeated: true }
        : refused({ reason: "event_id_conflict" });
    }

    if (state.frozenAt !== null) return refused({ reason: "vault_frozen" });

    const untimely = checkAge(event, state.now, rules);
    if (untimely !== null) return refused(untimely);

    const at = pricedAt({ occurredAt: event.occurredAt, now: state.now });
    const found = prices.find(event, at);
    if (typeof found === "string") return refused({ reason: found });

    const usable = draft.usable(event);
    if ("reason" in usable) return refused(usable);

    const pinned = prices.pin(found, { ...event, account: firstPayer(usable), at });
    const costMicros = pricePinned(pinned, event.quantity);
    if (costMicros > MAX_MICROS) return refused({ reason: "quantity_too_large" });

    const charges = draft.take(usable, costMicros, "spent");
    if ("reason" in charges) return refused(charges);

    const { rateCardVersion } = pinned;
    const priceBasis = basisOf(pinned);
    for (const [part, charge] of charges.entries()) {
      const feeMicros = feeOf(charge.amountMicros, rules.feeBps);
      const price = { rateCardVersion, priceBasis, feeMicros };
      debits.push({ ...charge, ...price, event, part, payloadHash: null });
    }
    prices.count(pinned, event.quantity);
    const outcome: Debited = {
      result: "debited",
      costMicros,
      rateCardVersion,
      charges,
      recordedAt: state.now,
      repeated: false,
    };
    known.set(key, { sent: event, outcome });
    return outcome;
  }

  const outcomes = events.map(decide);
  return { outcomes, debits, tierUnits: prices.added, ...draft.changes };
}

function isRepetition(event: UsageEvent, { sent }: KnownEvent): boolean {
  return typeof sent === "string" ? payloadHash(event) === sent : saysTheSame(event, sent);
}

/** `null` where the event is of a time that is taken. */
export function checkAge(
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
