/** Why a server takes no debits now. Each cause is on or off by itself. */
export type StopCause =
  /** the ledger lacks what was committed, signed or acknowledged before: only an operator ends it */
  | "ledger_behind"
  /** a reader of the log has seen what the ledger lacks: only a restart after recovery ends it */
  | "log_behind_reader"
  /** the server cannot check whether the database still has what it had */
  | "database_unreachable";

export interface Stop {
  readonly cause: StopCause;
  /** what is wrong and what to do, for the log, /readyz and refused requests */
  readonly message: string;
}

/**
 * Whether this server may change the ledger. While it is stopped, requests that change anything are
 * answered 503, and no worker writes: what is appended to an old ledger would have to be undone.
 */
export interface MeteringGate {
  /** the gravest stop that is on; `null` while metering goes on */
  readonly stopped: Stop | null;
  /** Stops metering. Returns false if the cause was on already. */
  stop(cause: StopCause, message: string): boolean;
  /** Takes a cause away. Returns false if it was not on. */
  resume(cause: StopCause): boolean;
}

const GRAVEST_FIRST: readonly StopCause[] = [
  "ledger_behind",
  "log_behind_reader",
  "database_unreachable",
];

export function createMeteringGate(): MeteringGate {
  const stops = new Map<StopCause, Stop>();
  let stopped: Stop | null = null;

  function update(): void {
    const gravest = GRAVEST_FIRST.find((cause) => stops.has(cause));
    stopped = gravest === undefined ? null : (stops.get(gravest) ?? null);
  }

  return {
    get stopped() {
      return stopped;
    },
    stop(cause, message) {
      const isNew = !stops.has(cause);
      if (isNew) stops.set(cause, { cause, message });
      update();
      return isNew;
    },
    resume(cause) {
      const wasOn = stops.delete(cause);
      update();
      return wasOn;
    },
  };
}
