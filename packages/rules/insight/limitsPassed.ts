import type { Hex } from "viem";

import type { Allowance } from "../allowances/allowance.ts";
import { periodIndexAt } from "../allowances/period.ts";

/**
 * What the log tells of a charge's surroundings, at the end of the millisecond in which it was recorded: the log has no
 * finer time, so whatever else was recorded in that millisecond is in it.
 */
export interface ChargeFacts {
  readonly budget: BudgetFacts;
  /** of what the allowance was granted out of; `null` where its owner signed it */
  readonly campaign: BudgetFacts | null;
  /** by the account, in all, less what had been taken back by then */
  readonly accountSpentMicros: bigint;
  /** `null` where the ledger took in a purchase before it kept the times of purchases */
  readonly purchasedMicros: bigint | null;
  readonly hadAskedRefund: boolean;
  /** whether the account had credits on hold */
  readonly hadHolds: boolean;
}

/** Of an allowance, with all that was granted out of it. */
export interface BudgetFacts {
  readonly allowance: Allowance;
  /** in the period that the charge was recorded in, less what had been taken back by then */
  readonly periodSpentMicros: bigint;
  /** whether holds may have used, or still use, some of the period */
  readonly hadHolds: boolean;
}

/** What was left; `null` with the reason where the log does not tell exactly. */
export type Left =
  | { readonly leftMicros: bigint }
  | { readonly leftMicros: null; readonly unknownBecause: UnknownBecause };

export type UnknownBecause =
  | "purchase_times_not_kept"
  | "refund_amounts_not_kept"
  | "held_amounts_not_kept"
  | "carried_not_kept";

export interface LimitsPassed {
  readonly accountBalance: Left;
  readonly allowanceLimit: LimitPassed;
  /** of what the allowance was granted out of; `null` where its owner signed it */
  readonly campaignLimit: (LimitPassed & { readonly campaign: Hex }) | null;
  /** what was on hold counted against the cap too, when it was checked; `leftMicros` counts what was charged */
  readonly accountCap: {
    readonly capMicros: bigint;
    readonly spentMicros: bigint;
    readonly leftMicros: bigint;
  };
}

export type LimitPassed = Left & {
  readonly limitMicros: bigint;
  readonly spentMicros: bigint;
};

export function limitsPassed(facts: ChargeFacts, recordedAt: Date): LimitsPassed {
  const { message } = facts.budget.allowance;
  const { accountSpentMicros } = facts;
  return {
    accountBalance: balance(facts),
    allowanceLimit: limitOf(facts.budget, recordedAt),
    campaignLimit:
      facts.campaign === null
        ? null
        : { campaign: facts.campaign.allowance.id, ...limitOf(facts.campaign, recordedAt) },
    accountCap: {
      capMicros: message.accountCap,
      spentMicros: accountSpentMicros,
      leftMicros: message.accountCap - accountSpentMicros,
    },
  };
}

function balance(facts: ChargeFacts): Left {
  if (facts.purchasedMicros === null) return unknown("purchase_times_not_kept");
  if (facts.hadAskedRefund) return unknown("refund_amounts_not_kept");
  if (facts.hadHolds) return unknown("held_amounts_not_kept");
  return { leftMicros: facts.purchasedMicros - facts.accountSpentMicros };
}

function limitOf(budget: BudgetFacts, at: Date): LimitPassed {
  const { allowance, periodSpentMicros } = budget;
  return {
    limitMicros: allowance.message.limit,
    spentMicros: periodSpentMicros,
    ...leftOf(budget, at),
  };
}

function leftOf({ allowance, periodSpentMicros, hadHolds }: BudgetFacts, at: Date): Left {
  const { message } = allowance;
  // What rolled over depends on every period before, of which only the newest is kept.
  if (message.rollover > 0n && periodIndexAt(message, at) > 0n) return unknown("carried_not_kept");
  if (hadHolds) return unknown("held_amounts_not_kept");
  return { leftMicros: message.limit - periodSpentMicros };
}

function unknown(unknownBecause: UnknownBecause): Left {
  return { leftMicros: null, unknownBecause };
}
