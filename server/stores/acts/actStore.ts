import type { Address, Hex } from "viem";

import type { ACTOR_KINDS } from "@compute-credits/api/acts/acts";
import type { Sql } from "@compute-credits/platform/postgres/database";

export interface Actor {
  readonly kind: (typeof ACTOR_KINDS)[number];
  /** an address, a spender or a key's hash; `null` if the request does not tell */
  readonly id: string | null;
}

/** Ids, limits, times and labels of a request: no keys, no signatures. */
export type ActDetails = Readonly<Record<string, string | number | boolean>>;

/** An administrative act, before it is recorded. */
export interface Act {
  /** of the request, so that it is recorded once */
  readonly request: string;
  /** the route's id */
  readonly act: string;
  readonly actor: Actor;
  readonly account: Address | null;
  readonly provider: Address | null;
  /** whose account it is about, if `account` is `null` */
  readonly allowance: Hex | null;
  readonly clientAddress: string;
  readonly details: ActDetails;
}

export interface RecordedAct extends Omit<Act, "request" | "allowance"> {
  /** grows with time, except between acts of the same moment */
  readonly id: bigint;
  readonly at: Date;
}

/** `null` is any. */
export interface ActFilter {
  readonly account: Address | null;
  readonly provider: Address | null;
  readonly act: string | null;
}

/** The record of administrative acts. It only grows: the database refuses any other change. */
export interface ActStore {
  /** Records an act in the transaction of its change. Does nothing if its request is recorded. */
  add(tx: Sql, act: Act): Promise<void>;
  /** Reads at most `limit` acts before the one with this id, newest first; `null` is the newest. */
  list(
    filter: ActFilter,
    page: { readonly before: bigint | null; readonly limit: number },
  ): Promise<readonly RecordedAct[]>;
}
