/** PostgreSQL's error codes after which a retry of the same transaction can succeed. */
const RETRYABLE = new Set([
  "23505", // unique_violation: another transaction wrote the key first; a retry reads it
  "40001", // serialization_failure
  "40P01", // deadlock_detected
]);

/** Thrown by an attempt that worked on stale data. The next attempt reads it again. */
export class StaleRead extends Error {}

/** More than any real contention needs, so that a bug that always conflicts still ends. */
const ATTEMPTS = 8;

/**
 * Retries a transaction that lost a race; it was rolled back. `tries` counts from 1. Rejects with
 * the last error after `ATTEMPTS`, and at once with any other error.
 */
export async function withRetries<T>(attempt: (tries: number) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- attempts run one after another
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
