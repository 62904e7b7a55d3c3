/** What is wrong with each part that the server needs; `null` where nothing is. */
export interface Check {
  readonly name: string;
  readonly error: string | null;
  /** somebody has to act in time; the server can go on with its work */
  readonly warning?: string;
}

export interface Health {
  checks(): Promise<readonly Check[]>;
}

/** Remembers how the last run of each worker ended. */
export class WorkerHealth {
  readonly #errors = new Map<string, string | null>();
  #alarms: readonly Check[] = [];

  constructor(names: readonly string[]) {
    for (const name of names) this.#errors.set(name, "has not run yet");
  }

  succeeded(name: string): void {
    this.#errors.set(name, null);
  }

  failed(name: string, error: unknown): void {
    const [summary = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    // The rest is the log's: it may name endpoints, and those hold keys.
    this.#errors.set(name, summary);
  }

  /** What is to be looked at from now on, in place of what was before. */
  raise(alarms: readonly Check[]): void {
    this.#alarms = alarms;
  }

  list(): readonly Check[] {
    return [...[...this.#errors].map(([name, error]) => ({ name, error })), ...this.#alarms];
  }
}
