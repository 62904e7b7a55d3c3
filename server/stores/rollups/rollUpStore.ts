import type { Address } from "viem";

/** A day of a party whose sums differ from the log's. */
export interface RollUpMismatch {
  readonly role: "account" | "provider";
  readonly address: Address;
  readonly day: string;
}

/** Where the comparison with the log goes on; `null` for the beginning. */
export interface CheckPlace {
  readonly address: Address;
  readonly day: string;
}

/** Keeps the daily sums of the log. */
export interface RollUpStore {
  /**
   * Adds the next entries of the log, as many log orders as `most`, in one transaction. "more" if
   * it left entries that were there when it began.
   */
  addNext(most: number): Promise<"done" | "more">;
  /** Compares one day of one account with the log: the next one after `after`. */
  checkNext(
    after: CheckPlace | null,
  ): Promise<{ readonly place: CheckPlace | null; readonly mismatch: RollUpMismatch | null }>;
  /** Empties the sums, so that they are made anew. Reads come from the log meanwhile. */
  restart(): Promise<void>;
}
