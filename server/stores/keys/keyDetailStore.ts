import type { Address, Hex } from "viem";

import type { Use } from "./lastUses.ts";

/** What is kept beside a key of any kind, and decides nothing. */
export interface KeyDetails {
  /** what its owner calls it; empty if the owner gave no label */
  readonly label: string;
  /** some minutes late; `null` if it was never used since servers keep this */
  readonly usedAt: Date | null;
}

/** A key that a wallet registered, as lists show it. */
export interface OwnKey extends KeyDetails {
  readonly kind: "provider" | "issuing" | "view";
  readonly keyHash: Hex;
  /** the only campaign that an issuing key issues from; `null` for all, and for other kinds */
  readonly campaign: Hex | null;
  readonly createdAt: Date;
  /** of a view key */
  readonly expiresAt: Date | null;
  /** ahead for a key that another one replaces */
  readonly revokedAt: Date | null;
  /** neither revoked nor expired, by the database's clock */
  readonly isOpen: boolean;
}

export interface KeyDetailStore {
  /** Lists a wallet's keys of all kinds: open ones first, then the newest; at most `OWN_KEYS`. */
  ofWallet(owner: Address): Promise<readonly OwnKey[]>;
  /** Reads one of a wallet's keys; `null` if it registered none with this hash. */
  find(owner: Address, keyHash: Hex): Promise<OwnKey | null>;
  /** Sets a key's label: the caller has checked who asks, and the length. */
  setLabel(keyHash: Hex, label: string): Promise<void>;
  /** Records when keys were last used. */
  recordUses(uses: readonly Use[]): Promise<void>;
}

/** The most keys that a list shows. Every open key is among them. */
export const OWN_KEYS = 1_000;
