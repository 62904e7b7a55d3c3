import type { Acknowledged } from "./acknowledged.ts";
import type { LedgerPosition } from "./findLoss.ts";

/** A stop of metering, as the database keeps it for all servers. */
export interface RecordedStop {
  readonly message: string;
  readonly stoppedAt: Date;
}

/** Reads how far the database is. */
export interface PositionStore {
  /** Rejects within seconds if the database does not answer. */
  reach(): Promise<void>;
  /** Calls back, from now on, whenever a connection to the database was lost. */
  onLost(listener: () => void): void;
  read(): Promise<LedgerPosition>;
  /** those that the database does not have */
  missing(acknowledged: readonly Acknowledged[]): Promise<readonly Acknowledged[]>;
  /** why all servers have stopped; `null` while they meter */
  stop(): Promise<RecordedStop | null>;
  /** Stops all servers on this database. The first reason stays. */
  recordStop(message: string): Promise<void>;
  /** Lets them meter again. */
  endStop(): Promise<void>;
}
