import type { Address, Hex } from "viem";

import type { AllowanceMessage, Scope } from "@compute-credits/protocol/messages/allowance";
import type { AcceptanceProof } from "@compute-credits/rules/acceptances/acceptance";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import type { ChangeRefusal } from "../acceptances/acceptanceStore.ts";

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

/** What the court needs to see what an account signed for. */
export type ProvenCap = Pick<SignedAllowance, "id" | "message" | "scope" | "signature">;

export interface ListedAllowance extends Allowance {
  /** whether it counts: whether its spender has accepted the account */
  readonly accepted: boolean;
}

/** A bound of what owners sign that is used up. */
export interface TooManyAllowances {
  readonly reason: "too_many_allowances";
  readonly bound: "maxOffersPerAccount" | "maxAllowancesPerAccount" | "maxAllowancesPerPair";
  readonly limit: number;
}

export type AddRefusal = ChangeRefusal | TooManyAllowances;

export type AddOutcome =
  | { readonly result: "added"; readonly allowance: ListedAllowance }
  | { readonly result: "refused"; readonly refusal: AddRefusal };

/** What is known of an account before it signs anything. */
export interface PostingFacts {
  /** as of the last indexed block */
  readonly counter: bigint;
  /** whether the account ever had credits, as of the last indexed block */
  readonly hasPurchased: boolean;
}

export interface AllowanceStore {
  /**
   * Stores an allowance whose signature has been verified. Adding it again changes nothing. With a
   * proof of its spender it also accepts the account.
   */
  add(signed: SignedAllowance, proof?: AcceptanceProof | null): Promise<AddOutcome>;
  find(id: Hex): Promise<ListedAllowance | null>;
  /** Lists the allowances that the owner signed (no grants), oldest first, after the id `after`. */
  ofAccount(
    account: Address,
    page?: { readonly after: Hex | null; readonly limit: number },
  ): Promise<readonly ListedAllowance[]>;
  /**
   * Reads the owner-signed allowance with the highest cap of one counter, the oldest of several,
   * revoked or not; `null` if there is none. Grants have the cap of their campaign.
   */
  capProof(account: Address, counter: bigint): Promise<ProvenCap | null>;
  /**
   * Revokes an allowance for good; a second call changes nothing. Returns `null` if it does not
   * exist. The owner's signature is kept as evidence for auditors.
   */
  revoke(id: Hex, signature: Hex | null): Promise<ListedAllowance | null>;
  /** Reads the account's counter as of the last indexed block. */
  counterOf(account: Address): Promise<bigint>;
  /**
   * Reads what the court has on record, confirmed, for the account and counter of each allowance
   * that a contract wallet signed. Asks nothing if there is none.
   */
  recordedCaps(allowances: readonly Allowance[]): Promise<RecordedCaps>;
  /** Reads what decides whether an account may post allowances at all. */
  postingFacts(account: Address): Promise<PostingFacts>;
  /**
   * Deletes allowances that never counted and are older than `ageSeconds`, at most `limit`. Returns
   * how many.
   */
  deleteOldOffers(ageSeconds: number, limit: number): Promise<number>;
  /** Reads the database's clock, which decides about periods and expiry. */
  now(): Promise<Date>;
}
