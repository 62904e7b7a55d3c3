import type { Hex } from "viem";

import type { Use } from "./lastUses.ts";

/** What is kept beside a key of any kind, and decides nothing. */
export interface KeyDetails {
  /** what its owner calls it; empty if the owner gave no label */
  readonly label: string;
  /** some minutes late; `null` if it was never used since servers keep this */
  readonly usedAt: Date | null;
}

export interface KeyDetailStore {
  /** Reads the details of keys. A key without any is missing in the answer. */
  read(keyHashes: readonly Hex[]): Promise<ReadonlyMap<Hex, KeyDetails>>;
  /** Sets a key's label: the caller has checked who asks, and the length. */
  setLabel(keyHash: Hex, label: string): Promise<void>;
  /** Records when keys were last used. */
  recordUses(uses: readonly Use[]): Promise<void>;
}
