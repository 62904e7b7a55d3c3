import type { Address, Hex } from "viem";

import type { AllowanceMessage, Scope } from "@compute-credits/protocol/messages/allowance";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";

export interface SignedAllowance {
  readonly id: Hex;
  readonly message: AllowanceMessage;
  readonly scope: Scope;
  readonly signature: Hex;
}

export interface AllowanceStore {
  /** Stores an allowance whose signature has been verified; sent again, it is the same allowance. */
  add(signed: SignedAllowance): Promise<Allowance>;
  find(id: Hex): Promise<Allowance | null>;
  /** those that its owner signed, oldest first, after the one with the id `after` */
  ofAccount(
    account: Address,
    page?: { readonly after: Hex | null; readonly limit: number },
  ): Promise<readonly Allowance[]>;
  /**
   * From this moment on it pays for nothing; revoked again, it stays as it was. `null` where there is none. The owner's
   * signature is kept for those who check who was to pay.
   */
  revoke(id: Hex, signature: Hex | null): Promise<Allowance | null>;
  /** The account's counter, as far as the chain has been read. */
  counterOf(account: Address): Promise<bigint>;
  /** The database's clock: the one that periods and expiry go by. */
  now(): Promise<Date>;
}
