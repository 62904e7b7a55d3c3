import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";

export interface ProviderKey {
  readonly provider: Address;
  readonly keyHash: Hex;
}

/** The owner of a key, as of the database's count of revocations (of keys and of access). */
export interface Caller {
  readonly provider: Address;
  /** by an operator, or by the server's policy */
  readonly isApproved: boolean;
  /** when a key that another one replaces ends; `null` without an end */
  readonly endsAt: Date | null;
  readonly asOfRevocations: bigint;
}

export interface ProviderAccess {
  readonly spender: SpenderId;
  readonly provider: Address;
}

/**
 * The wallet's signature, kept as evidence for auditors; `null` if the caller used an API key.
 */
export interface Signed {
  readonly signature?: Hex | null;
}

export interface ProviderStore {
  /**
   * Stores the hash of a provider's key. Returns "taken" if another provider has it, "revoked" if
   * it was revoked.
   */
  addKey(key: ProviderKey & Signed): Promise<"added" | "taken" | "revoked">;
  /** Returns the key's owner and the count of revocations at the lookup. */
  callerOfKey(keyHash: Hex): Promise<Caller | null>;
  /**
   * Returns an earlier result of `callerOfKey` without a query, unless the key has ended since. Use
   * it only where `asOfRevocations` is checked again.
   */
  cachedCaller(keyHash: Hex): Caller | null;
  /**
   * Revokes a key for good. Returns when it was revoked; `null` if the provider has no such key.
   */
  revokeKey(key: ProviderKey & Signed): Promise<Date | null>;
  /**
   * Lets a key end in so many seconds, on all servers, and for good; 0: now. An earlier end stays.
   * Returns when it ends; `null` if the provider has no such key.
   */
  endKey(key: ProviderKey & { readonly inSeconds: number }): Promise<Date | null>;
  /**
   * Lets the provider bill the spender. Returns false if the spender revoked that access before.
   */
  grantAccess(access: ProviderAccess & Signed): Promise<boolean>;
  /**
   * Revokes access for good, for all later reports and holds. Also revokes the grants that the
   * provider may bill and that were issued with the spender's API key, which it was shown; since
   * there are issuing keys, no API key issues any. Returns when access was revoked; `null` if it
   * was never granted.
   */
  revokeAccess(access: ProviderAccess & Signed): Promise<Date | null>;
}
