import type { Address, Hex } from "viem";

import { MAX_MICROS } from "../../../protocol/amounts.ts";
import type { Allowance } from "../allowances/allowance.ts";
import { inBurnDownOrder } from "../allowances/burnDownOrder.ts";
import { periodIndexAt } from "../allowances/period.ts";
import { obstacle } from "../allowances/usability.ts";
import { pricedAt } from "../rates/price.ts";
import { type RateIndex, findRate } from "../rates/rateIndex.ts";
import { pricePinned } from "../rates/pinnedRate.ts";
import type { UsageEvent } from "./usageEvent.ts";

/** What a batch is going to take where nothing has changed, nothing is short and nothing is shared. Micro-credits. */
export interface ExpectedCharges {
  /** every account that may pay, those too that are expected to pay nothing */
  readonly accounts: ReadonlyMap<Address, bigint>;
  readonly allowances: ReadonlyMap<Hex, ExpectedCharge>;
}

export interface ExpectedCharge {
  readonly account: Address;
  readonly amountMicros: bigint;
  readonly periodIndex: bigint;
}

/** What was known when the batch came, without a lock: any of it may have changed. */
export interface LastSeen {
  readonly now: Date;
  /** the allowances that the spenders have now, each as it was when it was last read */
  readonly allowances: readonly Allowance[];
  readonly rates: RateIndex;
}

/**
 * A guess at `decideDebits`, made before anything is locked: each event at a fixed rate is paid by the first allowance that
 * seems usable. It decides nothing. Where it is right, as it is nearly always, the rows need not be read before they are
 * written.
 */
export function expectCharges(
  events: readonly UsageEvent[],
  { now, allowances, rates }: LastSeen,
): ExpectedCharges {
  const bySpender = inBurnDownOrder(allowances);
  const ofAccounts = new Map<Address, bigint>();
  const ofAllowances = new Map<Hex, ExpectedCharge>();
  for (const { message } of allowances) ofAccounts.set(message.account, 0n);

  for (const event of events) {
    const { provider, spender, meter } = event;
    const at = pricedAt({ occurredAt: event.occurredAt, now });
    const amountMicros = fixedCost(event, rates, at);
    if (amountMicros === 0n) continue;
    const purpose = { provider, meter, hasAccess: true, now };
    const payer = bySpender
      .get(spender)
      ?.find((each) => obstacle(each, { ...purpose, counter: each.message.counter }) === null);
    if (payer === undefined) continue;

    const { account } = payer.message;
    const ofAccount = (ofAccounts.get(account) ?? 0n) + amountMicros;
    if (ofAccount > MAX_MICROS) continue;
    ofAccounts.set(account, ofAccount);
    const before = ofAllowances.get(payer.id);
    ofAllowances.set(payer.id, {
      account,
      amountMicros: (before?.amountMicros ?? 0n) + amountMicros,
      periodIndex: before?.periodIndex ?? periodIndexAt(payer.message, now),
    });
  }
  return { accounts: ofAccounts, allowances: ofAllowances };
}

/** Zero where the price depends on more than the card. */
function fixedCost(event: UsageEvent, rates: RateIndex, at: Date): bigint {
  const found = findRate(rates, event, at);
  if (typeof found === "string") return 0n;
  const { card, rate } = found;
  if (rate.kind !== undefined && rate.kind !== "fixed") return 0n;
  const { microCredits, perUnits } = rate;
  return pricePinned(
    { kind: "fixed", rateCardVersion: card.version, microCredits, perUnits },
    event.quantity,
  );
}
