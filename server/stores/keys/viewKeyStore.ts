import type { Address, Hex } from "viem";

/** A registered view key, as stored: only the hash of its text. */
export interface ViewKey {
  readonly account: Address;
  readonly keyHash: Hex;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** ahead for a key that another one replaces */
  readonly revokedAt: Date | null;
  /** by the database's clock */
  readonly isRevoked: boolean;
}

export type AddViewKeyOutcome =
  | { readonly result: "added"; readonly key: ViewKey; readonly repeated: boolean }
  | { readonly result: "refused"; readonly reason: "key_taken" | "key_revoked" }
  | { readonly result: "refused"; readonly reason: "too_many_keys"; readonly limit: number };

export interface ViewKeyStore {
  /**
   * Stores the hash of a key that the account's owner registered. The same registration again
   * returns the stored key.
   */
  add(key: Pick<ViewKey, "account" | "keyHash" | "expiresAt">): Promise<AddViewKeyOutcome>;
  /** Reads a key by the hash of its text, also one that ended; `null` if it is not known. */
  find(keyHash: Hex): Promise<ViewKey | null>;
  /**
   * Lets a key end in so many seconds, on all servers, and for good; 0: now. An earlier end stays.
   * Returns when it ends; `null` if the account has no such key.
   */
  end(
    key: Pick<ViewKey, "account" | "keyHash"> & { readonly inSeconds: number },
  ): Promise<Date | null>;
  /** Deletes at most `most` keys that expired long ago. Returns how many. */
  deleteExpired(most: number): Promise<number>;
}

/** Bounds of view keys, the same on every server. */
export const VIEW_KEYS = {
  /** keys of one account that are neither revoked nor expired */
  openPerAccount: 50,
  /** known keys of one account, those that ended included */
  perAccount: 1_000,
  /** a leap year */
  longestSeconds: 366 * 86_400,
  /** how long lists show a key that expired */
  keptSeconds: 30 * 86_400,
} as const;
