import type { Address, Hex } from "viem";

import { MAX_MICROS } from "../../../protocol/amounts.ts";
import type { SpenderId } from "../../../protocol/spender.ts";
import { type Account, available } from "../accounts/account.ts";
import type { Allowance, AllowanceUsage } from "../allowances/allowance.ts";
import { burnDownOrder } from "../allowances/burnDownOrder.ts";
import { remainingInPeriod, renewed } from "../allowances/period.ts";
import { obstacle } from "../allowances/usability.ts";
import { pricePinned } from "../rates/pinnedRate.ts";
import { feeOf, pricedAt } from "../rates/price.ts";
import { type PriceBasis, basisOf } from "../rates/priceBasis.ts";
import { PriceDraft, type PriceState, type TierUnits } from "../rates/priceDraft.ts";
import type { Charge, CreditShortage, Debited, UsageOutcome, UsageRefusal } from "./outcome.ts";
import { type UsageEvent, payloadHash } from "./usageEvent.ts";

/** All that a decision depends on, as read under the accounts' locks. */
export interface LedgerState {
  readonly now: Date;
  readonly accounts: ReadonlyMap<Address, Account>;
  /** every allowance of the spenders of the events */
  readonly allowances: readonly Allowance[];
  readonly hasAccess: (spender: SpenderId, provider: Address) => boolean;
  /** events of this batch that are debited already */
  readonly known: ReadonlyMap<string, KnownEvent>;
  readonly prices: PriceState;
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
  readonly priceBasis: PriceBasis;
  readonly payloadHash: Hex;
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
  const accounts = new Map<Address, Account>();
  const usages = new Map<Hex, AllowanceUsage>();
  const prices = new PriceDraft(state.prices);
  const known = new Map(state.known);
  const debits: Debit[] = [];
  const bySpender = Map.groupBy(state.allowances.toSorted(burnDownOrder), (a) => a.message.spender);

  function accountOf({ message }: Allowance): Account {
    const account = accounts.get(message.account) ?? state.accounts.get(message.account);
    if (account === undefined) throw new Error(`the account ${message.account} was not read`);
    return account;
  }

  function usageOf({ id, message, usage }: Allowance): AllowanceUsage {
    return usages.get(id) ?? renewed(message, usage, state.now);
  }

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

    const at = pricedAt({ occurredAt: event.occurredAt, now: state.now });
    const found = prices.find(event, at);
    if (typeof found === "string") return refused({ reason: found });

    const usable = usableAllowances(event);
    if ("reason" in usable) return refused(usable);

    // Tiers go by the usage of the account that pays first.
    const [first] = usable.allowances;
    if (first === undefined) throw new Error("of the usable allowances there is one at least");
    const pinned = prices.pin(found, { ...event, account: first.message.account, at });
    const { rateCardVersion } = pinned;
    const costMicros = pricePinned(pinned, event.quantity);
    if (costMicros > MAX_MICROS) return refused({ reason: "quantity_too_large" });

    const charges = allocate(usable.allowances, costMicros);
    if ("reason" in charges) return refused(charges);

    for (const [part, charge] of charges.entries()) {
      const feeMicros = feeOf(charge.amountMicros, rules.feeBps);
      const priceBasis = basisOf(pinned);
      const row = { event, part, feeMicros, rateCardVersion, priceBasis, payloadHash: hash };
      debits.push({ ...charge, ...row });
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
    known.set(eventKey(event), { payloadHash: hash, outcome });
    return outcome;
  }

  function usableAllowances({
    provider,
    spender,
    meter,
  }: UsageEvent): { allowances: Allowance[] } | UsageRefusal {
    const all = bySpender.get(spender);
    if (all === undefined) return { reason: "allowance_not_found" };
    const hasAccess = state.hasAccess(spender, provider);

    const allowances: Allowance[] = [];
    for (const allowance of all) {
      const { counter } = accountOf(allowance);
      const reason = obstacle(allowance, { provider, meter, hasAccess, now: state.now, counter });
      if (reason === null) allowances.push(allowance);
      // One obstacle is told: that of the allowance which would have paid last, most often the only one.
      else if (all.at(-1) === allowance && allowances.length === 0) return { reason };
    }
    return { allowances };
  }

  /** Takes the cost from the allowances in burn-down order, or says what is missing and takes nothing. */
  function allocate(candidates: readonly Allowance[], costMicros: bigint): Charge[] | UsageRefusal {
    const charges: Charge[] = [];
    const taken: [Allowance, Account, AllowanceUsage][] = [];
    const touched = new Map<Address, Account>();
    let missing = costMicros;
    let limit: CreditShortage = "insufficient_credits";

    for (const allowance of candidates) {
      const account = touched.get(allowance.message.account) ?? accountOf(allowance);
      const usage = usageOf(allowance);
      const room = roomOf(allowance, account, usage);
      if (room.amountMicros < missing) limit = room.limit;
      const amountMicros = room.amountMicros < missing ? room.amountMicros : missing;
      // A free event is recorded under the allowance that lets it happen.
      if (amountMicros === 0n && !(costMicros === 0n && charges.length === 0)) continue;

      const spender = { ...account, spent: account.spent + amountMicros };
      touched.set(account.address, spender);
      taken.push([allowance, spender, spend(usage, amountMicros)]);
      charges.push({ account: account.address, allowance: allowance.id, amountMicros });
      missing -= amountMicros;
      if (missing === 0n) break;
    }

    const [first] = candidates;
    if (missing > 0n && first !== undefined) {
      const shortage = { availableMicros: costMicros - missing, neededMicros: costMicros };
      return { reason: limit, account: first.message.account, ...shortage };
    }
    for (const [allowance, account, usage] of taken) {
      accounts.set(account.address, account);
      usages.set(allowance.id, usage);
    }
    return charges;
  }

  const outcomes = events.map(decide);
  return { outcomes, debits, accounts, usages, tierUnits: prices.added };
}

/** How much an allowance can pay, and which limit stops it there. */
function roomOf(
  { message }: Allowance,
  account: Account,
  usage: AllowanceUsage,
): { amountMicros: bigint; limit: CreditShortage } {
  const limits: { amountMicros: bigint; limit: CreditShortage }[] = [
    { limit: "insufficient_credits", amountMicros: available(account) },
    { limit: "allowance_exhausted", amountMicros: remainingInPeriod(message, usage) },
    // Held credits count as spent here: whatever is captured later stays under a cap that was signed.
    {
      limit: "account_cap_reached",
      amountMicros: message.accountCap - account.spent - account.held,
    },
  ];
  const least = limits.reduce((a, b) => (b.amountMicros < a.amountMicros ? b : a));
  return least.amountMicros < 0n ? { ...least, amountMicros: 0n } : least;
}

function spend(usage: AllowanceUsage, amountMicros: bigint): AllowanceUsage {
  return {
    ...usage,
    periodSpentMicros: usage.periodSpentMicros + amountMicros,
    spentMicros: usage.spentMicros + amountMicros,
  };
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
