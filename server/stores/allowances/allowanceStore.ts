import type { Address, Hex } from "viem";

import type { AllowanceMessage, Scope } from "@compute-credits/protocol/messages/allowance";
import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";

export interface SignedAllowance {
  readonly id: Hex;
  readonly message: AllowanceMessage;
  readonly scope: Scope;
  readonly signature: Hex;
  /** whether a contract wallet signed it, by the check that verified the signature */
  readonly byContract: boolean;
}

/** The caps on record in micro-credits, by allowance. Has those of contract wallets only. */
export type RecordedCaps = ReadonlyMap<Hex, bigint>;

export interface AllowanceStore {
  /**
   * Stores an allowance whose signature has been verified. Adding it again returns the stored one.
   */
  add(signed: SignedAllowance): Promise<Allowance>;
  find(id: Hex): Promise<Allowance | null>;
  /** Whether an account that ever bought credits has an allowance for the spender. */
  isPaidSpender(spender: SpenderId): Promise<boolean>;
  /** Lists the allowances that the owner signed (no grants), oldest first, after the id `after`. */
  ofAccount(
    account: Address,
    page?: { readonly after: Hex | null; readonly limit: number },
  ): Promise<readonly Allowance[]>;
  /**
   * Revokes an allowance for good; a second call changes nothing. Returns `null` if it does not
   * exist. The owner's signature is kept as evidence for auditors.
   */
  revoke(id: Hex, signature: Hex | null): Promise<Allowance | null>;
  /** Reads the account's counter as of the last indexed block. */
  counterOf(account: Address): Promise<bigint>;
  /**
   * Reads what the court has on record, confirmed, for the account and counter of each allowance
   * that a contract wallet signed. Asks nothing if there is none.
   */
  recordedCaps(allowances: readonly Allowance[]): Promise<RecordedCaps>;
  /** Reads the database's clock, which decides about periods and expiry. */
  now(): Promise<Date>;
}
