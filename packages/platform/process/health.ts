import { hideUrls } from "./hideSecrets.ts";

/** One part that the process needs, and what is wrong with it now. */
export interface Check {
  readonly name: string;
  /** `null` if the part works */
  readonly error: string | null;
  /** The part works, and an operator must act in time so that it goes on working. */
  readonly warning?: string;
}

export interface Health {
  checks(): Promise<readonly Check[]>;
}

/** Remembers how the last run of each worker ended, and the alarms that are on. */
export class WorkerHealth {
  readonly #errors = new Map<string, string | null>();
  readonly #warnings = new Map<string, string>();
  #alarms: readonly Check[] = [];

  /** Lists a worker from now on, as one that has not run yet. */
  add(name: string): void {
    this.#errors.set(name, "has not run yet");
  }

  succeeded(name: string): void {
    this.#errors.set(name, null);
  }

  failed(name: string, error: unknown): void {
    this.#errors.set(name, publicSummary(error));
  }

  /** Keeps a worker's warning until the process ends: an operator must see it. */
  warn(name: string, warning: string): void {
    this.#warnings.set(name, warning);
  }

  /** Replaces all earlier alarms by these. */
  raise(alarms: readonly Check[]): void {
    this.#alarms = alarms;
  }

  list(): readonly Check[] {
    const workers = [...this.#errors].map(([name, error]) => {
      const warning = this.#warnings.get(name);
      return warning === undefined ? { name, error } : { name, error, warning };
    });
    return [...workers, ...this.#alarms];
  }
}

/** The first line of an error, without what its URLs hold: health is public. */
export function publicSummary(error: unknown): string {
  const [summary = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return hideUrls(summary);
}
