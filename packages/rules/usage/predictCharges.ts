import type { Address, Hex } from "viem";

import { MAX_MICROS } from "@compute-credits/protocol/amounts";
import type { Allowance } from "../allowances/allowance.ts";
import { periodIndexAt } from "../allowances/period.ts";
import { findObstacle } from "../allowances/usability.ts";
import { pricedAt } from "../pricing/price.ts";
import { type FoundRate, type RateIndex, findRate } from "../pricing/rateIndex.ts";
import { pricePinned } from "../pricing/pinnedRate.ts";
import type { SpendingState } from "../spending/spendingDraft.ts";
import { type UsageRules, checkAge } from "./decideDebits.ts";
import type { UsageEvent } from "./usageEvent.ts";

/** The charges of a batch in micro-credits, if no state has changed and no credits are short. */
export interface PredictedCharges {
  readonly now: Date;
  /** every account that may pay, including those predicted to pay nothing */
  readonly accounts: ReadonlyMap<Address, PredictedForAccount>;
  readonly allowances: ReadonlyMap<Hex, PredictedForAllowance>;
  /**
   * allowances that would pay first and are believed to be able to pay nothing; the caller checks
   * that under the locks, as of before the charges
   */
  readonly passedOver: ReadonlyMap<Hex, Allowance>;
  /**
   * positions of events that will be refused, whatever credits there are. Their accounts are not
   * among `accounts`.
   */
  readonly refused: readonly number[];
  /** one per event, in the same order; `null` if the batch cannot be predicted as a whole */
  readonly charges: readonly PredictedCharge[] | null;
}

export interface PredictedForAccount {
  readonly amountMicros: bigint;
  /** the lowest cap among the allowances that pay */
  readonly accountCap: bigint;
  /** whether a contract wallet signed one of them, so that the recorded cap binds too */
  readonly byContract: boolean;
  /** the counter that these allowances were signed under */
  readonly counter: bigint;
}

export interface PredictedForAllowance {
  readonly amountMicros: bigint;
  readonly periodIndex: bigint;
}

/** A prediction that one allowance pays a whole event. */
export interface PredictedCharge {
  readonly payer: Allowance;
  readonly costMicros: bigint;
  readonly rateCardVersion: number;
}

/** The state read without locks when the batch arrived. Any of it may be out of date. */
export interface OptimisticState {
  readonly now: Date;
  /** for each event, the spender's allowances in burn-down order, as last read */
  readonly allowances: readonly (readonly Allowance[])[];
  readonly rates: RateIndex;
  /** whether the allowance could pay nothing when it was last decided on */
  readonly isDepleted: (id: Hex) => boolean;
  /** asked only for providers that no scope of the candidates names (`namesProvider`) */
  readonly hasAccess: SpendingState["hasAccess"];
}

/** Whether the scope of an allowance names the provider, which grants it access by itself. */
export function namesProvider(candidates: readonly Allowance[], provider: Address): boolean {
  return candidates.some(({ scope }) => scope.providers.includes(provider));
}

/**
 * Predicts the result of `decideDebits` before any lock is taken: the first usable allowance that is
 * not depleted pays each event at a fixed rate. Decides nothing, not even a refusal. If
 * `confirmPrediction` confirms it, as it nearly always does, rows are written without being read
 * first.
 */
export function predictCharges(
  events: readonly UsageEvent[],
  { now, allowances, rates, isDepleted, hasAccess }: OptimisticState,
  rules: UsageRules,
): PredictedCharges {
  const ofAccounts = new Map<Address, Mutable<PredictedForAccount>>();
  const ofAllowances = new Map<Hex, Mutable<PredictedForAllowance>>();
  const passedOver = new Map<Hex, Allowance>();
  const charges: PredictedCharge[] = [];
  const refused: number[] = [];

  for (const [index, event] of events.entries()) {
    const { provider, spender, meter, occurredAt } = event;
    const candidates = allowances[index] ?? [];
    const found = findRate(rates, event, pricedAt({ occurredAt, now }));
    const isUsable = (each: Allowance) => {
      const conditions = { hasAccess: true, now, counter: each.message.counter };
      return findObstacle(each, { provider, meter }, conditions) === null;
    };
    const first =
      namesProvider(candidates, provider) || hasAccess(spender, provider)
        ? candidates.find(isUsable)
        : undefined;
    const payer =
      first !== undefined && isDepleted(first.id)
        ? // If all are depleted, the first is tried: it may have been refilled.
          (candidates.find((each) => !isDepleted(each.id) && isUsable(each)) ?? first)
        : first;
    if (payer === undefined || typeof found === "string" || checkAge(event, now, rules) !== null) {
      refused.push(index);
      continue;
    }
    if (payer !== first) {
      for (const each of candidates.slice(0, candidates.indexOf(payer))) {
        if (isUsable(each)) passedOver.set(each.id, each);
      }
    }
    for (const { message } of candidates) {
      if (!ofAccounts.has(message.account)) ofAccounts.set(message.account, { ...NOTHING });
    }
    const cost = fixedCost(found, event.quantity);
    // A grant's charge also counts against its campaign, which is not predicted.
    if (cost === null || payer.campaign !== null) continue;

    const { account, accountCap, counter } = payer.message;
    const ofAccount = ofAccounts.get(account);
    const { costMicros, rateCardVersion } = cost;
    if (ofAccount === undefined || ofAccount.amountMicros + costMicros > MAX_MICROS) continue;
    if (ofAccount.amountMicros === 0n) ofAccount.counter = counter;
    // Two counters: one of these allowances is void, and only the decision knows which.
    else if (ofAccount.counter !== counter) continue;
    ofAccount.amountMicros += costMicros;
    if (accountCap < ofAccount.accountCap) ofAccount.accountCap = accountCap;
    ofAccount.byContract ||= payer.byContract;
    const ofAllowance = ofAllowances.get(payer.id);
    if (ofAllowance !== undefined) ofAllowance.amountMicros += costMicros;
    else {
      const periodIndex = periodIndexAt(payer.message, now);
      ofAllowances.set(payer.id, { amountMicros: costMicros, periodIndex });
    }
    charges.push({ payer, costMicros, rateCardVersion });
  }
  // What is charged here was not depleted before, but may be depleted by the charge.
  const isContradicted = [...passedOver.values()].some(
    ({ id, campaign }) => ofAllowances.has(id) || (campaign !== null && ofAllowances.has(campaign)),
  );
  return {
    now,
    accounts: ofAccounts,
    allowances: ofAllowances,
    passedOver,
    refused,
    charges: charges.length === events.length && !isContradicted ? charges : null,
  };
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

const NOTHING: PredictedForAccount = {
  amountMicros: 0n,
  accountCap: 2n ** 64n - 1n,
  byContract: false,
  counter: 0n,
};

/** The cost at a fixed rate; `null` for a free event or any other kind of rate. */
function fixedCost(
  { card, rate }: FoundRate,
  quantity: bigint,
): Pick<PredictedCharge, "costMicros" | "rateCardVersion"> | null {
  if (rate.kind !== undefined && rate.kind !== "fixed") return null;
  const { microCredits, perUnits } = rate;
  const rateCardVersion = card.version;
  const costMicros = pricePinned(
    { kind: "fixed", rateCardVersion, microCredits, perUnits },
    quantity,
  );
  return costMicros === 0n || costMicros > MAX_MICROS ? null : { costMicros, rateCardVersion };
}
