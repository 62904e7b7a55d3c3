import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import type { ChargeFacts } from "@compute-credits/rules/insight/limitsPassed";
import type { RunwayState } from "@compute-credits/rules/insight/runway";
import type { PriceBasis } from "@compute-credits/rules/pricing/priceBasis";

/** The party whose sums are read: an account that paid, or a provider that was paid. */
export type LogOwner =
  | { readonly role: "account"; readonly address: Address }
  | { readonly role: "provider"; readonly address: Address };

/** The party whose debits are read: of those, or the spender that used the credits. */
export type DebitOwner = LogOwner | { readonly role: "spender"; readonly spender: SpenderId };

/** The party whose budgets are read: the account that pays, or the spender that spends. */
export type BudgetOwner =
  | { readonly role: "account"; readonly address: Address }
  | { readonly role: "spender"; readonly spender: SpenderId };

/** A range of recording times: `from` is inclusive, `to` is exclusive, `null` is open. */
export interface TimeRange {
  readonly from: Date | null;
  readonly to: Date | null;
}

export interface LogFilter extends TimeRange {
  readonly meter: string | null;
  readonly spender: SpenderId | null;
}

/** One allowance's payment for an event. */
export interface LoggedDebit extends DebitPlace {
  readonly account: Address;
  readonly allowance: Hex;
  readonly spender: SpenderId;
  readonly meter: string;
  /** the whole event's quantity, even if several allowances paid for it */
  readonly quantity: bigint;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly occurredAt: Date;
  readonly rateCardVersion: number;
  readonly priceBasis: PriceBasis;
  readonly amountMicros: bigint;
  /** the operator's share of the amount; the provider gets the rest */
  readonly feeMicros: bigint;
  readonly voidedAt: Date | null;
}

/** A debit's sort key and page cursor. */
export interface DebitPlace {
  readonly recordedAt: Date;
  readonly provider: Address;
  readonly eventId: string;
  readonly part: number;
}

export const GROUPINGS = ["meter", "day", "spender", "provider", "account", "allowance"] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** Sums over the debits that were not voided. */
export interface UsageSum {
  /** the meter, the UTC day (2026-01-31) or the address or id of the grouping */
  readonly key: string;
  readonly meter: string;
  /** units of the meter; an event counts once per group */
  readonly quantity: bigint;
  readonly events: bigint;
  readonly amountMicros: bigint;
  readonly feeMicros: bigint;
}

/** An account's spending in the last `windowSeconds`, without voided debits. */
export interface SpentInWindow {
  readonly windowSeconds: bigint;
  readonly spentMicros: bigint;
}

/**
 * All limits on an account's future spending, from one snapshot. Contains only allowances that are
 * still valid.
 */
export interface SpendingOutlook extends RunwayState {
  readonly windows: readonly SpentInWindow[];
}

export interface Budget {
  readonly allowance: Allowance;
  /** whether it counts: its spender has accepted the account, or it issued grants */
  readonly accepted: boolean;
  readonly spent24hMicros: bigint;
  /** of the account, as of the last indexed block */
  readonly counter: bigint;
}

/** Who was charged by whom for an event. */
export interface EventParties {
  readonly spender: SpenderId;
  readonly accounts: readonly Address[];
}

/** A debited event with the facts that explain its charges. */
export interface ExplainedEvent {
  readonly parts: readonly ExplainedPart[];
  /** the hold it was captured from; `null` if it was reported as usage */
  readonly holdId: string | null;
  /** epoch of the first checkpoint that contains it; `null` if none does yet */
  readonly firstEpoch: bigint | null;
}

export interface ExplainedPart {
  readonly debit: LoggedDebit;
  readonly facts: ChargeFacts;
}

/** A hold that has not ended, with the sums of its lines. */
export interface OpenHold {
  readonly id: string;
  readonly spender: SpenderId;
  /** of its first line */
  readonly meter: string;
  readonly heldMicros: bigint;
  readonly capturedMicros: bigint;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** Queries about past and future spending. Only reads. */
export interface InsightStore {
  /** Lists debits, newest first. `after` is the last debit of the previous page. */
  debits(
    owner: DebitOwner,
    filter: LogFilter,
    page: { after: DebitPlace | null; limit: number },
  ): Promise<readonly LoggedDebit[]>;
  /** Sums usage by group, ordered by key, at most `limit` groups; `null`: all of them. */
  usage(
    owner: LogOwner,
    query: { groupBy: Grouping; from: Date; to: Date; limit: number | null },
  ): Promise<readonly UsageSum[]>;
  /** Lists a provider's open holds, the next to end first, at most `limit`. */
  openHolds(
    provider: Address,
    limit: number,
  ): Promise<{
    readonly now: Date;
    readonly holds: readonly OpenHold[];
    /** whether none ends later */
    readonly isAll: boolean;
  }>;
  /** Reads who may read an event's explanation. Returns `null` if it was not debited. */
  partiesOf(event: { provider: Address; id: string }): Promise<EventParties | null>;
  /** Explains an event's charges. Returns `null` if it was not debited. */
  explain(event: { provider: Address; id: string }): Promise<ExplainedEvent | null>;
  /** Reads the limits on an account's spending, and its spending in each window. */
  outlook(account: Address, windowsSeconds: readonly bigint[]): Promise<SpendingOutlook>;
  /**
   * Lists budgets, oldest first. `after` is the last allowance id of the previous page; the page
   * after another owner's id is empty.
   */
  budgets(
    owner: BudgetOwner,
    page: { after: Hex | null; limit: number },
  ): Promise<{ now: Date; budgets: readonly Budget[] }>;
}
