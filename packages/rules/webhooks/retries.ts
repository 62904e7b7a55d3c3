/**
 * Seconds from one attempt to the next, as Standard Webhooks advises: ten attempts in three days.
 */
export const RETRY_SECONDS: readonly number[] = [
  5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400,
];

/** The longest wait that an endpoint may ask for with `Retry-After`. */
export const MAX_RETRY_AFTER_SECONDS = 86_400;

/** An endpoint without any success for so long is disabled: 5 days. */
export const FAILING_SECONDS = 5 * 86_400;

/** Up to a fifth more, so that what failed together does not come back together. */
const JITTER = 0.2;

/**
 * Seconds until the next attempt; `null` after the last one. `attempts` counts those that were
 * made. `chance` is from 0 to 1. What the endpoint asked for is kept to, within a day.
 */
export function retryInSeconds(
  attempts: number,
  {
    retryAfterSeconds,
    chance,
  }: { readonly retryAfterSeconds: number | null; readonly chance: number },
): number | null {
  const scheduled = RETRY_SECONDS[attempts - 1];
  if (scheduled === undefined) return null;
  const asked = Math.min(retryAfterSeconds ?? 0, MAX_RETRY_AFTER_SECONDS);
  return Math.max(scheduled, asked) * (1 + JITTER * chance);
}

/** The seconds of a `Retry-After` header, which may be a date; `null` without a usable one. */
export function secondsOfRetryAfter(header: string | undefined, now: Date): number | null {
  if (header === undefined) return null;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  const seconds = (Date.parse(header) - now.getTime()) / 1_000;
  return Number.isNaN(seconds) ? null : Math.max(0, seconds);
}
