import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import type { ChargeFacts } from "@compute-credits/rules/insight/limitsPassed";
import type { RunwayState } from "@compute-credits/rules/insight/runway";
import type { PriceBasis } from "@compute-credits/rules/pricing/priceBasis";

/** Whose part of the log: what an account paid, or what a provider was paid. */
export type LogOwner =
  | { readonly role: "account"; readonly address: Address }
  | { readonly role: "provider"; readonly address: Address };

/** When it was recorded: `from` is in it, `to` is not. */
export interface TimeRange {
  readonly from: Date | null;
  readonly to: Date | null;
}

export interface LogFilter extends TimeRange {
  readonly meter: string | null;
  readonly spender: SpenderId | null;
}

/** What one allowance paid for an event. */
export interface LoggedDebit extends DebitPlace {
  readonly account: Address;
  readonly allowance: Hex;
  readonly spender: SpenderId;
  readonly meter: string;
  /** of the whole event, however many allowances paid for it */
  readonly quantity: bigint;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly occurredAt: Date;
  readonly rateCardVersion: number;
  readonly priceBasis: PriceBasis;
  readonly amountMicros: bigint;
  /** the operator's part of the amount; the rest is the provider's */
  readonly feeMicros: bigint;
  readonly voidedAt: Date | null;
}

/** The order of the log, and what its pages go on from. */
export interface DebitPlace {
  readonly recordedAt: Date;
  readonly provider: Address;
  readonly eventId: string;
  readonly part: number;
}

export const GROUPINGS = ["meter", "day", "spender", "provider", "account", "allowance"] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** Sums over the debits that were not taken back. */
export interface UsageSum {
  /** the meter, the day in UTC (2026-01-31), or the id that was grouped by */
  readonly key: string;
  readonly meter: string;
  /** units of the meter; an event counts once in each group that it is in */
  readonly quantity: bigint;
  readonly events: bigint;
  readonly amountMicros: bigint;
  readonly feeMicros: bigint;
}

/** What an account spent in the last so many seconds, less what was taken back. */
export interface SpentInWindow {
  readonly windowSeconds: bigint;
  readonly spentMicros: bigint;
}

/** All that bounds an account's spending from now on, read at one moment; its allowances are neither void nor over. */
export interface SpendingOutlook extends RunwayState {
  readonly windows: readonly SpentInWindow[];
}

export interface Budget {
  readonly allowance: Allowance;
  readonly spent24hMicros: bigint;
}

/** A debited event with what the log tells about how it came to be. */
export interface ExplainedEvent {
  readonly parts: readonly ExplainedPart[];
  /** what it was captured from; `null` where it was reported as usage */
  readonly holdId: string | null;
  /** of the first checkpoint that holds it; `null` where none does yet */
  readonly firstEpoch: bigint | null;
}

export interface ExplainedPart {
  readonly debit: LoggedDebit;
  readonly facts: ChargeFacts;
}

/** What the books tell of what happened. Reads only. */
export interface InsightStore {
  /** newest first; `after` is the last of the page before */
  debits(
    owner: LogOwner,
    filter: LogFilter,
    page: { after: DebitPlace | null; limit: number },
  ): Promise<readonly LoggedDebit[]>;
  /** in the order of their keys; at most `limit` */
  usage(
    owner: LogOwner,
    query: { groupBy: Grouping; from: Date; to: Date; limit: number },
  ): Promise<readonly UsageSum[]>;
  explain(event: { provider: Address; id: string }): Promise<ExplainedEvent | null>;
  outlook(account: Address, windowsSeconds: readonly bigint[]): Promise<SpendingOutlook>;
  /** oldest allowance first; `after` is the id of the last of the page before */
  budgets(
    account: Address,
    page: { after: Hex | null; limit: number },
  ): Promise<{ now: Date; counter: bigint; budgets: readonly Budget[] }>;
}
