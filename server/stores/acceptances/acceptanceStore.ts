import type { Address } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type {
  AcceptanceProof,
  AcceptanceRefusal,
} from "@compute-credits/rules/acceptances/acceptance";

/** A spender, and an account that may pay for it. */
export interface Pair {
  readonly spender: SpenderId;
  readonly account: Address;
}

export interface AcceptanceChange extends Pair {
  readonly accepted: boolean;
  readonly proof: AcceptanceProof;
}

export type TooManyAccounts = { readonly reason: "too_many_accounts"; readonly limit: number };

/** Why a change is refused by the bounds or the rules of acceptances. */
export type ChangeRefusal = AcceptanceRefusal | TooManyAccounts;

/** An acceptance, in force or ended. */
export interface Acceptance extends Pair {
  readonly accepted: boolean;
  /** micro-credits that the account has available */
  readonly availableMicros: bigint;
  readonly changedAt: Date;
}

export type AcceptanceOutcome =
  | { readonly result: "changed" | "unchanged"; readonly acceptance: Acceptance }
  | {
      readonly result: "refused";
      /** without an allowance of the account for the spender, there is nothing to accept */
      readonly refusal: ChangeRefusal | { readonly reason: "offer_not_found" };
    };

/** An account that signed allowances for a spender, which has not accepted it. */
export interface Offer extends Pair {
  readonly availableMicros: bigint;
  /** how many allowances wait, and the time of the oldest */
  readonly allowances: number;
  readonly since: Date;
}

export interface AccountPage {
  /** the last account of the page before */
  readonly after: Address | null;
  readonly limit: number;
}

/** Which accounts may pay for which spenders. */
export interface AcceptanceStore {
  /**
   * Accepts an account, or ends that. The proof has been verified. Once an end is answered, no new
   * debit or hold of the spender uses the account; holds from before can still be captured.
   */
  change(change: AcceptanceChange): Promise<AcceptanceOutcome>;
  /** Whether the spender accepts the account now. */
  isAccepted(pair: Pair): Promise<boolean>;
  /** Lists the accounts that a spender accepts, by address. */
  accepted(spender: SpenderId, page: AccountPage): Promise<readonly Acceptance[]>;
  /** Lists the accounts that offer a spender credits and wait for its acceptance, by address. */
  offers(spender: SpenderId, page: AccountPage): Promise<readonly Offer[]>;
}
