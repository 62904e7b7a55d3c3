import { hideUrls } from "./hideSecrets.ts";

/** One part that the process needs, and what is wrong with it now. */
export interface Check {
  readonly name: string;
  /** `null` if the part works */
  readonly error: string | null;
  /** The part works, and an operator must act in time so that it goes on working. */
  readonly warning?: string;
}

/**
 * What a caller asks about. "metering": may debits be taken? "chain": are purchases seen, and
 * checkpoints made? "all": these, and what else the process does.
 */
export type HealthScope = "metering" | "chain" | "all";

export interface Health {
  checks(scope: HealthScope): Promise<readonly Check[]>;
}

/** What `WorkerHealth` knows of a worker beforehand. */
export interface WorkerTerms {
  /** what stops when the worker fails, besides its own work */
  readonly scope?: Exclude<HealthScope, "all">;
  /** A step that has run for longer is an error: something that it waits for does not come. */
  readonly stepBoundMs?: number;
}

/** Longer than the limits of its statements and calls let a usual step wait. */
const STEP_BOUND_MS = 60_000;

interface Watched extends WorkerTerms {
  error: string | null;
  /** `null` between two steps */
  stepSince: number | null;
}

/** Remembers how the last run of each worker ended, and the alarms that are on. */
export class WorkerHealth {
  readonly #workers = new Map<string, Watched>();
  readonly #warnings = new Map<string, string>();
  readonly #now: () => number;
  readonly #alarms = new Map<string, readonly Check[]>();

  /** `now` counts milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Lists a worker from now on, as one that has not run yet. */
  add(name: string, { scope, stepBoundMs }: WorkerTerms = {}): void {
    this.#workers.set(name, {
      ...(scope === undefined ? {} : { scope }),
      ...(stepBoundMs === undefined ? {} : { stepBoundMs }),
      error: "has not run yet",
      stepSince: null,
    });
  }

  /** A step begins, or its next part: the bound is for each. */
  started(name: string): void {
    const worker = this.#workers.get(name);
    if (worker !== undefined) worker.stepSince = this.#now();
  }

  succeeded(name: string): void {
    this.#ended(name, null);
  }

  failed(name: string, error: unknown): void {
    this.#ended(name, publicSummary(error));
  }

  /** Keeps a worker's warning until the process ends: an operator must see it. */
  warn(name: string, warning: string): void {
    this.#warnings.set(name, warning);
  }

  /** Replaces all earlier alarms of the worker `by`. */
  raise(alarms: readonly Check[], by: string): void {
    this.#alarms.set(by, alarms);
  }

  list(scope: HealthScope = "all"): readonly Check[] {
    const workers = [...this.#workers]
      .filter(([, worker]) => scope === "all" || worker.scope === scope)
      .map(([name, worker]) => {
        const warning = this.#warnings.get(name);
        const error = this.#lateness(worker) ?? worker.error;
        return warning === undefined ? { name, error } : { name, error, warning };
      });
    // Alarms are of the chain. One that is an error stops debits too: the vault is frozen.
    const all = [...this.#alarms.values()].flat();
    const alarms = all.filter(({ error }) => scope !== "metering" || error !== null);
    return [...workers, ...alarms];
  }

  #ended(name: string, error: string | null): void {
    const worker = this.#workers.get(name);
    this.#workers.set(name, { ...worker, error, stepSince: null });
  }

  #lateness({ stepSince, stepBoundMs = STEP_BOUND_MS }: Watched): string | null {
    const tookMs = stepSince === null ? 0 : this.#now() - stepSince;
    if (tookMs <= stepBoundMs) return null;
    const [took, bound] = [tookMs, stepBoundMs].map((ms) => Math.floor(ms / 1_000));
    return `its step has run for ${took} s, longer than ${bound} s: if it does not end, restart the program`;
  }
}

/** The first line of an error, without what its URLs hold: health is public. */
export function publicSummary(error: unknown): string {
  const [summary = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return hideUrls(summary);
}
