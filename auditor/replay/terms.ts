import type { Address } from "viem";

import type { WriteOffFacts } from "./writeOffFacts.ts";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";
import type { EventPlace } from "@compute-credits/rules/log/logEntry";

/** The operator's fee from a time on. */
export interface FeeTerm {
  readonly feeBps: bigint;
  /** `null` for the first fee */
  readonly from: Date | null;
}

/** Identifies an event by its position on the chain. */
export function placeKey({ block, logIndex }: EventPlace): string {
  return `${block} ${logIndex}`;
}

/** An event that the server recorded later than its block, as the auditor itself read it. */
export interface MissedEvent {
  readonly event: ChainEvent;
  /** a refund request that a later one replaced, which the server had in time */
  readonly isReplaced: boolean;
}

/** What the cut's entries `missed_events` name. Their effect begins with the entry. */
export interface MissedEvents {
  /** the `placeKey`s of all entries of the cut */
  readonly named: ReadonlySet<string>;
  /** those of this page that the auditor knows, by `placeKey` */
  readonly known: ReadonlyMap<string, MissedEvent>;
  /** the newest block whose events were applied in earlier cuts */
  readonly appliedBefore: bigint;
}

/** The terms for replaying a page of the log, besides the state. */
export interface ReplayTerms {
  /** the cut being checked */
  readonly cut: bigint;
  readonly fees: readonly FeeTerm[];
  /** no entry of this cut can be older; `null` for the first cut */
  readonly notBefore: Date | null;
  readonly maxQuoteSeconds: number;
  /** the chain events that the auditor itself read from these blocks, inclusive */
  readonly chainEvents: (from: bigint, to: bigint) => readonly ChainEvent[];
  readonly missed: MissedEvents;
  /** whether a cut counts, because its checkpoint was neither dropped nor replaced */
  readonly counts: (cut: bigint) => boolean;
  /** the operator's account that takes over what is written off; `null` allows no write-off */
  readonly writeOffAccount: Address | null;
  readonly counterGraceSeconds: number;
  /** the time of the newest block that the auditor has read */
  readonly readUpTo: Date;
  /** about the accounts that the page's write-offs name */
  readonly writeOffFacts: ReadonlyMap<Address, WriteOffFacts>;
  /** the `signatureKey`s of entries with an invalid signature */
  readonly forged: ReadonlySet<string>;
  /** the `signatureKey`s of allowances that no key signed */
  readonly byContract: ReadonlySet<string>;
}

/** The fee in force at a time, in basis points. */
export function feeBpsAt(fees: readonly FeeTerm[], at: Date): bigint {
  return fees.findLast(({ from }) => from === null || from <= at)?.feeBps ?? 0n;
}

/**
 * How long a new allowance, access or card may be unknown to some servers. It is not under the
 * locks of a debit that is being decided, so a debit with or without it is honest.
 */
export const PROPAGATION_MS = 5_000;
