import { CreditsError } from "../errors/creditsError.ts";

/**
 * When a request is sent again. That is safe, because the server takes every request once: by the
 * ids in it, by the message that a wallet signed, or by the `Idempotency-Key` of the call.
 */
export interface RetryPolicy {
  /** requests in all, from 1 on */
  readonly tries: number;
  /** before the second request; doubles for each later one, and is shortened at random by up to half */
  readonly firstWaitMs: number;
  /** a server that asks for a longer wait is not waited for */
  readonly longestWaitMs: number;
  /** from 0 up to 1 */
  readonly random: () => number;
  /** Resolves after `ms`. Rejects with the signal's reason if it aborts. */
  readonly wait: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** Four requests within at most 30 seconds of waiting. */
export const DEFAULT_RETRIES: RetryPolicy = {
  tries: 4,
  firstWaitMs: 200,
  longestWaitMs: 10_000,
  random: Math.random,
  wait,
};

/**
 * Makes an attempt, and further ones after a broken connection, a 5xx, or a 429 that says when.
 * Rejects with the last attempt's error. A timeout is not repeated: it has waited enough.
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  policy: RetryPolicy,
  signal?: AbortSignal,
): Promise<T> {
  for (let made = 1; ; made++) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      return await attempt();
    } catch (error) {
      const ms = waitMsOf(error, made, policy);
      if (ms === null) throw error;
      // oxlint-disable-next-line no-await-in-loop
      await policy.wait(ms, signal);
    }
  }
}

/** Milliseconds until the next attempt, or `null` if there is none. */
function waitMsOf(
  error: unknown,
  made: number,
  { tries, firstWaitMs, longestWaitMs, random }: RetryPolicy,
): number | null {
  if (made >= tries || !(error instanceof CreditsError) || !isPassing(error)) return null;
  const backoffMs = firstWaitMs * 2 ** (made - 1) * (0.5 + random() / 2);
  const ms = Math.max(error.retryAfterMs ?? 0, backoffMs);
  return ms > longestWaitMs ? null : ms;
}

function isPassing({ reason, status, retryAfterMs }: CreditsError): boolean {
  if (reason === "server_unreachable" || reason === "idempotency_key_in_flight") return true;
  return status !== null && (status >= 500 || (status === 429 && retryAfterMs !== null));
}

/** The milliseconds of a `Retry-After` header, in seconds or as a date. */
export function retryAfterMsOf(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => reject(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(resolve, ms);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
