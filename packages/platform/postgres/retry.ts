/** PostgreSQL's error codes after which the same transaction, run again, can succeed. */
const RETRYABLE = new Set([
  "23505", // unique_violation: somebody wrote the same key first; now it is there to be read
  "40001", // serialization_failure
  "40P01", // deadlock_detected
]);

/** Thrown where an attempt finds that what it began with is out of date: the next begins with what is there now. */
export class StaleRead extends Error {}

/** Far more than a fair race needs; a bug that always clashes still ends. */
const ATTEMPTS = 8;

/** Runs a transaction again where it lost a race. Whatever it did was rolled back. `tries` counts from 1. */
export async function withRetries<T>(attempt: (tries: number) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other is the point
      return await attempt(tries);
    } catch (error) {
      if (tries === ATTEMPTS || !isRetryable(error)) throw error;
    }
  }
}

function isRetryable(error: unknown): boolean {
  if (error instanceof StaleRead) return true;
  return error instanceof Error && "code" in error && RETRYABLE.has(String(error.code));
}
