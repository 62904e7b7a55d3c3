import type { Address } from "viem";

/** An endpoint whose runway is to be looked at. */
export interface RunwayLook {
  readonly endpoint: string;
  readonly account: Address;
  readonly belowSeconds: bigint;
}

/** An alarm that is on. */
export interface OnAlarm {
  readonly name: string;
  readonly message: string;
}

/**
 * Writes the events that time brings, and no transaction of the ledger. Each is told once, however
 * many servers look: what was told stands in a row that is locked while the next is decided.
 */
export interface NoticeStore {
  /**
   * Writes events of checkpoints that are final by now, and of what their rows owe. The first call
   * on a database writes none. Returns how many checkpoints.
   */
  tellFinal(): Promise<number>;
  /** Looks at the ends of allowances for at most so many endpoints. Returns how many. */
  tellExpiring(most: number): Promise<number>;
  /** Endpoints whose runway was not looked at for so long; others take them later only. */
  runwaysToLookAt(most: number, afterSeconds: number): Promise<readonly RunwayLook[]>;
  /** Tells of a runway that fell below its threshold, in seconds; `null` or more: it is above. */
  tellRunway(look: RunwayLook, secondsToZero: bigint | null): Promise<void>;
  /** Tells of alarms that are new on all servers, and of those that none has raised for so long. */
  tellAlarms(on: readonly OnAlarm[], endAfterSeconds: number): Promise<void>;
}
