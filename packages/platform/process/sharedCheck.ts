/** How often a check runs, and how long a caller waits for it. */
export interface SharedCheckOptions {
  /** An answer is at most so old. */
  readonly maxAgeMs: number;
  readonly timeoutMs: number;
  readonly now?: () => number;
}

/**
 * Lets all who ask share one run of a check, however many ask. `check` resolves with what is wrong,
 * or `null`. A check that hangs is answered for after `timeoutMs`, and is not started again before
 * it has ended: something that hangs must not pile up.
 */
export function sharedCheck(
  check: () => Promise<string | null>,
  { maxAgeMs, timeoutMs, now = () => performance.now() }: SharedCheckOptions,
): () => Promise<string | null> {
  let running: Promise<string | null> | null = null;
  let startedAt = Number.NEGATIVE_INFINITY;
  let last: { readonly error: string | null; readonly at: number } | null = null;

  async function run(): Promise<string | null> {
    const error = await check().catch(() => "does not answer");
    last = { error, at: now() };
    running = null;
    return error;
  }

  return async () => {
    if (running === null) {
      if (last !== null && now() - last.at <= maxAgeMs) return last.error;
      startedAt = now();
      running = run();
    }
    const leftMs = startedAt + timeoutMs - now();
    return await Promise.race([running, lateness(leftMs, timeoutMs)]);
  };
}

async function lateness(leftMs: number, timeoutMs: number): Promise<string> {
  if (leftMs > 0) {
    await new Promise((resolve) => {
      setTimeout(resolve, leftMs).unref();
    });
  }
  return `does not answer within ${timeoutMs / 1_000} s`;
}
