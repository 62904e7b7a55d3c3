import type { Address, Hex } from "viem";

import { MAX_MICROS } from "@compute-credits/protocol/amounts";
import type { Allowance } from "../allowances/allowance.ts";
import { periodIndexAt } from "../allowances/period.ts";
import { obstacle } from "../allowances/usability.ts";
import { pricedAt } from "../pricing/price.ts";
import { type RateIndex, findRate } from "../pricing/rateIndex.ts";
import { pricePinned } from "../pricing/pinnedRate.ts";
import type { UsageEvent } from "./usageEvent.ts";

/** What a batch is going to take where nothing has changed, nothing is short and nothing is shared. Micro-credits. */
export interface PredictedCharges {
  readonly now: Date;
  /** every account that may pay, those too that are expected to pay nothing */
  readonly accounts: ReadonlyMap<Address, PredictedForAccount>;
  readonly allowances: ReadonlyMap<Hex, PredictedForAllowance>;
  /** what is expected of each event, in their order; `null` where more than that has to be looked at */
  readonly charges: readonly PredictedCharge[] | null;
}

export interface PredictedForAccount {
  readonly amountMicros: bigint;
  /** the least cap that was signed among the allowances that are to pay */
  readonly accountCap: bigint;
  /** the counter that they were signed under */
  readonly counter: bigint;
}

export interface PredictedForAllowance {
  readonly amountMicros: bigint;
  readonly periodIndex: bigint;
}

/** One allowance pays one event, whole. */
export interface PredictedCharge {
  readonly payer: Allowance;
  readonly costMicros: bigint;
  readonly rateCardVersion: number;
}

/** What was known when the batch came, without a lock: any of it may have changed. */
export interface LastSeen {
  readonly now: Date;
  /** of each event the spender's allowances in burn-down order, each as it was when it was last read */
  readonly allowances: readonly (readonly Allowance[])[];
  readonly rates: RateIndex;
}

/**
 * A guess at `decideDebits`, made before anything is locked: each event at a fixed rate is paid by the first allowance that
 * seems usable. It decides nothing. Where it is right, as it is nearly always, the rows need not be read before they are
 * written, nor the batch be decided again.
 */
export function predictCharges(
  events: readonly UsageEvent[],
  { now, allowances, rates }: LastSeen,
): PredictedCharges {
  const ofAccounts = new Map<Address, Mutable<PredictedForAccount>>();
  const ofAllowances = new Map<Hex, Mutable<PredictedForAllowance>>();
  const charges: PredictedCharge[] = [];

  for (const [index, event] of events.entries()) {
    const { provider, meter } = event;
    const candidates = allowances[index] ?? [];
    for (const { message } of candidates) {
      if (!ofAccounts.has(message.account)) ofAccounts.set(message.account, { ...NOTHING });
    }
    const cost = fixedCost(event, rates, pricedAt({ occurredAt: event.occurredAt, now }));
    if (cost === null) continue;
    const purpose = { provider, meter, hasAccess: true, now };
    const payer = candidates.find(
      (each) => obstacle(each, { ...purpose, counter: each.message.counter }) === null,
    );
    // A grant's charge counts against its campaign, too.
    if (payer === undefined || payer.campaign !== null) continue;

    const { account, accountCap, counter } = payer.message;
    const ofAccount = ofAccounts.get(account);
    const { costMicros, rateCardVersion } = cost;
    if (ofAccount === undefined || ofAccount.amountMicros + costMicros > MAX_MICROS) continue;
    if (ofAccount.amountMicros === 0n) ofAccount.counter = counter;
    // Allowances of two counters: one of them is over, and which is for the decision to tell.
    else if (ofAccount.counter !== counter) continue;
    ofAccount.amountMicros += costMicros;
    if (accountCap < ofAccount.accountCap) ofAccount.accountCap = accountCap;
    const ofAllowance = ofAllowances.get(payer.id);
    if (ofAllowance !== undefined) ofAllowance.amountMicros += costMicros;
    else {
      const periodIndex = periodIndexAt(payer.message, now);
      ofAllowances.set(payer.id, { amountMicros: costMicros, periodIndex });
    }
    charges.push({ payer, costMicros, rateCardVersion });
  }
  return {
    now,
    accounts: ofAccounts,
    allowances: ofAllowances,
    charges: charges.length === events.length ? charges : null,
  };
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

const NOTHING: PredictedForAccount = { amountMicros: 0n, accountCap: 2n ** 64n - 1n, counter: 0n };

/** `null` where the price depends on more than the card, and for what is free. */
function fixedCost(
  event: UsageEvent,
  rates: RateIndex,
  at: Date,
): Pick<PredictedCharge, "costMicros" | "rateCardVersion"> | null {
  const found = findRate(rates, event, at);
  if (typeof found === "string") return null;
  const { card, rate } = found;
  if (rate.kind !== undefined && rate.kind !== "fixed") return null;
  const { microCredits, perUnits } = rate;
  const rateCardVersion = card.version;
  const costMicros = pricePinned(
    { kind: "fixed", rateCardVersion, microCredits, perUnits },
    event.quantity,
  );
  return costMicros === 0n || costMicros > MAX_MICROS ? null : { costMicros, rateCardVersion };
}
