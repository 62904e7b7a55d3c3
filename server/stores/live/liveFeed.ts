import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { Account } from "@compute-credits/rules/accounts/account";
import type { BudgetUse } from "@compute-credits/rules/insight/budgetUse";
import type { StoredCheckpoint } from "../checkpoints/checkpointStore.ts";
import type { LivePosition } from "./livePosition.ts";

/** Whose events a stream has. */
export type LiveParty =
  | { readonly role: "account" | "provider"; readonly address: Address }
  | { readonly role: "spender"; readonly spender: SpenderId };

export function keyOfParty(party: LiveParty): string {
  return `${party.role}/${party.role === "spender" ? party.spender : party.address}`;
}

/** What the readers of one window want, all together. */
export interface LiveWants {
  /** whose debits, voids, holds and budgets are read */
  readonly accounts: readonly Address[];
  readonly providers: readonly Address[];
  readonly spenders: readonly SpenderId[];
}

/** Entries of the log, by PostgreSQL snapshots as text, of log orders above `after`. */
export interface LiveWindow {
  readonly since: string;
  readonly upTo: string;
  readonly after: bigint;
  /** a log order that had been taken when `since` was */
  readonly orderThen: bigint;
}

/** One allowance's payment for an event. */
export interface LiveDebit {
  readonly order: bigint;
  readonly provider: Address;
  readonly eventId: string;
  readonly part: number;
  readonly account: Address;
  readonly allowance: Hex;
  readonly spender: SpenderId;
  readonly meter: string;
  readonly quantity: bigint;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly occurredAt: Date;
  readonly recordedAt: Date;
  readonly rateCardVersion: number;
  readonly amountMicros: bigint;
  readonly feeMicros: bigint;
  readonly holdId: string | null;
}

export interface LiveVoid {
  readonly order: bigint;
  readonly provider: Address;
  readonly eventId: string;
  readonly part: number;
  readonly account: Address;
  readonly allowance: Hex;
  readonly spender: SpenderId;
  readonly amountMicros: bigint;
  readonly voidedAt: Date;
}

/** A hold as it is at the end of the window, in which `order` changed it last. */
export interface LiveHold {
  readonly order: bigint;
  readonly provider: Address;
  readonly holdId: string;
  readonly spender: SpenderId;
  readonly resolvedAs: "captured" | "released" | "expired" | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly endedAt: Date | null;
  readonly parts: readonly {
    readonly account: Address;
    readonly allowance: Hex;
    readonly heldMicros: bigint;
  }[];
}

/** An allowance's use at the end of the window, in which `order` changed it last. */
export interface LiveBudget extends Omit<BudgetUse, "exhaustion"> {
  readonly order: bigint;
  readonly account: Address;
  readonly allowance: Hex;
  readonly spender: SpenderId;
  readonly campaign: Hex | null;
}

/** An account, with its refunds. */
export interface LiveAccount extends Account {
  /** what the contract has paid of `refunded` */
  readonly paid: bigint;
  /** the newest on chain; `null` without any */
  readonly request: { readonly requestedMicros: bigint; readonly requestedAt: Date | null } | null;
}

/** What happened in a window, or in its first part, to what is wanted. In no order. */
export interface LivePage {
  /** the last log order of the part; `null`: it reaches the window's end */
  readonly end: bigint | null;
  readonly debits: readonly LiveDebit[];
  readonly voids: readonly LiveVoid[];
  readonly holds: readonly LiveHold[];
  readonly budgets: readonly LiveBudget[];
}

/** The moment of a session's snapshot. */
export interface LiveMoment {
  readonly snapshot: string;
  /** the newest log order that any transaction has taken */
  readonly newestOrder: bigint;
}

/** Reads of one moment: all are of the same snapshot. */
export interface LiveReads extends LiveMoment {
  /** Reads a window in log order, at most about `limit` rows of each kind. */
  page(window: LiveWindow, wants: LiveWants, limit: number): Promise<LivePage>;
  /** Reads those of the accounts whose credits the whole window moved, or may have moved. */
  moved(
    window: Pick<LiveWindow, "since" | "upTo">,
    addresses: readonly Address[],
  ): Promise<readonly LiveAccount[]>;
  /** Reads accounts as they are; unknown ones have zeros. */
  accounts(addresses: readonly Address[]): Promise<readonly LiveAccount[]>;
  /** Reads checkpoints from an id on, oldest first; the newest one without an id. */
  checkpoints(from: bigint | null, limit: number): Promise<readonly StoredCheckpoint[]>;
  /** Returns those of the credentials that are still good. */
  stillGood(credentials: LiveCredentials): Promise<ReadonlySet<Hex>>;
  /** Whether the position is of this database. A position of another one is ahead of it. */
  isKnown(position: LivePosition): boolean;
}

/** Hashes of credentials that can be revoked. */
export interface LiveCredentials {
  readonly sessions: readonly Hex[];
  readonly providerKeys: readonly Hex[];
  readonly viewKeys: readonly Hex[];
}

/** The log as streams read it. It takes no lock, and debits do nothing for it. */
export interface LiveFeed {
  /** Reads in one snapshot, in a read-only transaction. */
  read<T>(work: (reads: LiveReads) => Promise<T>): Promise<T>;
  /** Lets the block range indexes know the newest rows, which makes windows cheap to read. */
  summarise(): Promise<void>;
}
