/** What is wrong with each part that the server needs; `null` where nothing is. */
export interface Check {
  readonly name: string;
  readonly error: string | null;
}

export interface Health {
  checks(): Promise<readonly Check[]>;
}

/** Remembers how the last run of each worker ended. */
export class WorkerHealth {
  readonly #errors = new Map<string, string | null>();

  constructor(names: readonly string[]) {
    for (const name of names) this.#errors.set(name, "has not run yet");
  }

  succeeded(name: string): void {
    this.#errors.set(name, null);
  }

  failed(name: string, error: unknown): void {
    this.#errors.set(name, error instanceof Error ? error.message : String(error));
  }

  list(): readonly Check[] {
    return [...this.#errors].map(([name, error]) => ({ name, error }));
  }
}
