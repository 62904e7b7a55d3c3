/**
 * What a source shows at one moment. A counter only grows within one epoch; another epoch means that
 * it began anew, such as with a container that was started again.
 */
export interface Reading {
  /** nanoseconds of a CPU, bytes, or devices */
  readonly value: bigint;
  readonly epoch: string;
}

/** One thing that is measured. It says what the machine says, and decides nothing. */
export interface Source {
  /** Resolves to `null` if it cannot be read now. Never rejects. */
  read(): Promise<Reading | null>;
}

/**
 * The sum of several. If one of them ends or begins anew, so does the sum: nothing is added for the
 * time until its next reading, which the payer gains.
 */
export function summed(sources: readonly Source[]): Source {
  const [only] = sources;
  if (only !== undefined && sources.length === 1) return only;
  return {
    async read() {
      const readings = await Promise.all(sources.map((source) => source.read()));
      if (readings.every((reading) => reading === null)) return null;
      return {
        value: readings.reduce((sum, reading) => sum + (reading?.value ?? 0n), 0n),
        epoch: readings.map((reading) => reading?.epoch ?? "none").join(", "),
      };
    },
  };
}

/** A source of what is allocated: the same amount for as long as the lease lasts. */
export function allocated(value: bigint): Source {
  return { read: () => Promise.resolve({ value, epoch: "allocated" }) };
}
