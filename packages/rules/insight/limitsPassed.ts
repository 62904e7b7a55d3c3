import type { Hex } from "viem";

import type { Allowance } from "../allowances/allowance.ts";
import { periodIndexAt } from "../allowances/period.ts";

/**
 * The state around a charge, at the end of the millisecond in which it was recorded. The log has no
 * finer time, so it includes everything recorded in that millisecond.
 */
export interface ChargeFacts {
  readonly budget: BudgetFacts;
  /** the grant's campaign; `null` for an allowance that its owner signed */
  readonly campaign: BudgetFacts | null;
  /** total spent by the account, less voids until then */
  readonly accountSpentMicros: bigint;
  /** `null` if the ledger recorded a purchase before it stored purchase times */
  readonly purchasedMicros: bigint | null;
  readonly hadAskedRefund: boolean;
  /** whether the account had credits on hold */
  readonly hadHolds: boolean;
}

/** An allowance with its usage, including the usage of its grants. */
export interface BudgetFacts {
  readonly allowance: Allowance;
  /** spent in the period of the charge, less voids until then */
  readonly periodSpentMicros: bigint;
  /** whether holds may have used, or still use, part of the period */
  readonly hadHolds: boolean;
}

/** The amount left after a charge, or the reason why the log does not show it exactly. */
export type RemainingAmount =
  | { readonly leftMicros: bigint }
  | { readonly leftMicros: null; readonly unknownBecause: UnknownBecause };

export type UnknownBecause =
  | "purchase_times_not_kept"
  | "refund_amounts_not_kept"
  | "held_amounts_not_kept"
  | "carried_not_kept";

/** The limits that a charge was checked against, with what each had left afterwards. */
export interface LimitsPassed {
  readonly accountBalance: RemainingAmount;
  readonly allowanceLimit: LimitPassed;
  /** the grant's campaign; `null` for an allowance that its owner signed */
  readonly campaignLimit: (LimitPassed & { readonly campaign: Hex }) | null;
  /** the check also counted held credits against the cap; `leftMicros` counts only charges */
  readonly accountCap: {
    readonly capMicros: bigint;
    readonly spentMicros: bigint;
    readonly leftMicros: bigint;
  };
}

export type LimitPassed = RemainingAmount & {
  readonly limitMicros: bigint;
  readonly spentMicros: bigint;
};

/** Computes the limits that a charge passed when it was recorded. */
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

function balance(facts: ChargeFacts): RemainingAmount {
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

function leftOf(
  { allowance, periodSpentMicros, hadHolds }: BudgetFacts,
  at: Date,
): RemainingAmount {
  const { message } = allowance;
  // What rolled over depends on every earlier period, and the ledger keeps only the newest.
  if (message.rollover > 0n && periodIndexAt(message, at) > 0n) return unknown("carried_not_kept");
  if (hadHolds) return unknown("held_amounts_not_kept");
  return { leftMicros: message.limit - periodSpentMicros };
}

function unknown(unknownBecause: UnknownBecause): RemainingAmount {
  return { leftMicros: null, unknownBecause };
}
