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

/** A source of what is allocated: the same amount for as long as the lease lasts. */
export function allocated(value: bigint): Source {
  return { read: () => Promise.resolve({ value, epoch: "allocated" }) };
}
