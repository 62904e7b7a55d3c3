import type { Address } from "viem";

/** That the server sweeps what arrives at an account's deposit address. */
export interface DepositWatch {
  readonly watchedUntil: Date;
  readonly sweptAt: Date | null;
  /** `null` once it was swept again */
  readonly refusedAt: Date | null;
  readonly refusal: string | null;
}

/** How long a watch lasts by itself, and after each sweep. */
export const WATCH_SECONDS = { asked: 7 * 86_400, swept: 90 * 86_400 } as const;

/** Which deposit addresses servers look at. The list is bounded, and every watch ends. */
export interface DepositWatchStore {
  /** Watches, or watches longer. Returns `null` if there are as many watches as there may be. */
  watch(account: Address): Promise<DepositWatch | null>;
  read(account: Address): Promise<DepositWatch | null>;
  /** Takes the accounts whose look is due, the longest wait first. Others take them later only. */
  takeDue(most: number, afterSeconds: number): Promise<readonly Address[]>;
  /** These were swept: they are watched longer, and wait for nothing. */
  swept(accounts: readonly Address[]): Promise<void>;
  /** The chain refused this one. It waits, twice as long each time, up to a day. */
  refused(account: Address, message: string): Promise<void>;
}
