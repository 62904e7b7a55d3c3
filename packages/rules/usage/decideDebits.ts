import type { Address, Hex } from "viem";

import type { Account } from "../accounts/account.ts";
import type { AllowanceUsage } from "../allowances/allowance.ts";
import { feeOf, pricedAt } from "../pricing/price.ts";
import { type PriceBasis, priceBasisOf } from "../pricing/priceBasis.ts";
import { PriceDraft, type PriceState } from "../pricing/priceDraft.ts";
import type { TierUnits } from "../pricing/tierUnits.ts";
import { chargeWork } from "../spending/chargeWork.ts";
import type { Charge } from "../spending/findCharges.ts";
import { SpendingDraft, type SpendingState } from "../spending/spendingDraft.ts";
import type { Debited, UsageOutcome, UsageRefusal } from "./outcome.ts";
import {
  type EventGroup,
  type Payload,
  type UsageEvent,
  payloadHash,
  isSamePayload,
} from "./usageEvent.ts";

/** The state that a decision depends on, read under the accounts' locks. */
export interface LedgerState extends SpendingState {
  /** events of this batch that were debited earlier */
  readonly known: ReadonlyMap<string, KnownEvent>;
  readonly prices: PriceState;
  /** set if the vault is frozen: later debits could never be settled */
  readonly frozenAt: Date | null;
}

export interface KnownEvent {
  /** the payload, or its hash */
  readonly payload: Payload | Hex;
  readonly outcome: Debited;
}

export interface UsageRules {
  readonly feeBps: bigint;
  readonly maxEventAgeSeconds: number;
  readonly maxEventAheadSeconds: number;
}

/** A row to write: the part of an event's cost that one allowance pays. */
export interface Debit extends Charge {
  readonly event: UsageEvent;
  readonly part: number;
  readonly feeMicros: bigint;
  readonly rateCardVersion: number;
  readonly priceBasis: PriceBasis;
  /** hash of the request, if the event does not hold all of it */
  readonly payloadHash: Hex | null;
}

export interface Decision {
  /** one per event, in the same order */
  readonly outcomes: readonly UsageOutcome[];
  readonly debits: readonly Debit[];
  /** new state of each account and allowance that paid */
  readonly accounts: ReadonlyMap<Address, Account>;
  readonly usages: ReadonlyMap<Hex, AllowanceUsage>;
  /** units to add to the usage of tiered rates */
  readonly tierUnits: readonly TierUnits[];
}

/** The event's unique key. */
export function eventKey({ provider, id }: Pick<UsageEvent, "provider" | "id">): string {
  return `${provider}/${id}`;
}

/**
 * Decides a batch in order; each event is charged in full or refused. Of a group, all new events are
 * charged or none, at the place of its first; those recorded before are repeated. No debit takes an account
 * below zero (I1), an allowance over its limit, or an account over the cap that its owner signed
 * (I4).
 */
export function decideDebits(
  events: readonly UsageEvent[],
  state: LedgerState,
  rules: UsageRules,
): Decision {
  const draft = new SpendingDraft(state);
  const prices = new PriceDraft(state.prices);
  let known = new Map(state.known);
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

    const ageRefusal = checkAge(event, state.now, rules);
    if (ageRefusal !== null) return refused(ageRefusal);

    const at = pricedAt({ occurredAt: event.occurredAt, now: state.now });
    const found = prices.find(event, at);
    if (typeof found === "string") return refused({ reason: found });

    const usable = draft.usable(event);
    if ("reason" in usable) return refused(usable);

    const pin = (account: Address) => prices.pin(found, { ...event, account, at });
    const charged = chargeWork(draft, usable, { quantity: event.quantity, pin }, "spent");
    if ("reason" in charged) return refused(charged);

    const { pinned, charges, costMicros } = charged;
    const { rateCardVersion } = pinned;
    const priceBasis = priceBasisOf(pinned);
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
    known.set(key, { payload: event, outcome });
    return outcome;
  }

  /** Decides a group, and takes all of it back if one is refused. */
  function decideGroup(members: readonly UsageEvent[]): readonly UsageOutcome[] {
    const undo = [draft.mark(), prices.mark()];
    const before = new Map(known);
    const debitsBefore = debits.length;
    const decided = members.map(decide);
    const index = decided.findIndex(({ result }) => result === "refused");
    const first = members[index];
    if (first === undefined) return decided;
    for (const each of undo) each();
    known = before;
    debits.length = debitsBefore;
    return decided.map((outcome, n) => {
      const member = members[n];
      // What was recorded before the group keeps its outcome.
      if (n === index || (member !== undefined && known.has(eventKey(member)))) return outcome;
      return refused({ reason: "group_refused", id: first.id });
    });
  }

  const outcomes = inGroups(events, decide, decideGroup);
  return { outcomes, debits, tierUnits: prices.added, ...draft.changes };
}

/** Calls back for each event that stands alone, and once for each group, at its first event. */
function inGroups<Outcome>(
  events: readonly UsageEvent[],
  decide: (event: UsageEvent) => Outcome,
  decideGroup: (members: readonly UsageEvent[]) => readonly Outcome[],
): readonly Outcome[] {
  if (events.every(({ group }) => group === undefined)) return events.map(decide);
  const decided = new Map<EventGroup, Iterator<Outcome>>();
  return events.map((event) => {
    const { group } = event;
    if (group === undefined) return decide(event);
    let outcomes = decided.get(group);
    if (outcomes === undefined) {
      outcomes = decideGroup(events.filter((each) => each.group === group)).values();
      decided.set(group, outcomes);
    }
    const { value } = outcomes.next();
    return value;
  });
}

function isRepetition(event: UsageEvent, { payload }: KnownEvent): boolean {
  return typeof payload === "string"
    ? payloadHash(event) === payload
    : isSamePayload(event, payload);
}

/** Checks that the event's time is within the accepted window; `null` if so. */
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
