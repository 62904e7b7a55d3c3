import type { Address, Hex } from "viem";

import { MAX_ISSUING_KEYS } from "@compute-credits/api/bounds";
import type { IssuingKeyMessage } from "@compute-credits/protocol/messages/issuingKey";

/** A registered key, as stored: only the hash of its text. */
export interface IssuingKey extends IssuingKeyMessage {
  readonly createdAt: Date;
  /** ahead for a key that another one replaces */
  readonly revokedAt: Date | null;
  /** by the database's clock */
  readonly isRevoked: boolean;
}

export type AddKeyOutcome =
  | { readonly result: "added"; readonly key: IssuingKey; readonly repeated: boolean }
  | { readonly result: "refused"; readonly reason: "key_taken" | "key_revoked" }
  | { readonly result: "refused"; readonly reason: "stale_counter" | "counter_not_reached" }
  | { readonly result: "refused"; readonly reason: "too_many_keys"; readonly limit: number };

export interface KeyRevocation {
  readonly account: Address;
  readonly keyHash: Hex;
  /** also revokes the grants that the key issued, and closes its codes */
  readonly revokesGrants: boolean;
  /** of the owner, kept as evidence for auditors */
  readonly signature: Hex;
}

export interface RevokedKey {
  readonly revokedAt: Date;
  /** grants that this call revoked */
  readonly grants: number;
  /** there are more: call again */
  readonly hasMore: boolean;
}

export interface IssuingKeyStore {
  /**
   * Stores the hash of a key whose registration the owner signed. The same registration again
   * returns the stored key.
   */
  add(message: IssuingKeyMessage, signature: Hex): Promise<AddKeyOutcome>;
  find(keyHash: Hex): Promise<IssuingKey | null>;
  /** Lists an account's keys, oldest first. There are at most `ISSUING_KEYS.perAccount`. */
  ofAccount(account: Address): Promise<readonly IssuingKey[]>;
  /**
   * Revokes a key for good: nothing is issued with it after this call returns. Returns `null` if
   * the account has no such key.
   */
  revoke(revocation: KeyRevocation): Promise<RevokedKey | null>;
  /**
   * Lets a key end in so many seconds, for good; 0: now. An earlier end stays. The log has no entry
   * of it, because auditors want the owner's signature: a recovery without a backup forgets it.
   * Returns when the key ends; `null` if the account has no such key.
   */
  end(
    key: Pick<IssuingKey, "account" | "keyHash"> & { readonly inSeconds: number },
  ): Promise<Date | null>;
}

/** Bounds of issuing keys, the same on every server. */
export const ISSUING_KEYS = {
  /** keys of one account that are not revoked */
  openPerAccount: 20,
  perAccount: MAX_ISSUING_KEYS,
  /** grants that one request revokes with their key */
  grantsPerRevocation: 10_000,
} as const;
