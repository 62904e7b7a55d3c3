import { setTimeout as delay } from "node:timers/promises";

/** The longest that a local system takes for anything that it does by itself. */
const PATIENCE_MS = 60_000;

/**
 * Calls `probe` every 50 ms until it returns something other than null, undefined or false.
 * Rejects after a minute, naming `what` it waited for.
 */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | null | undefined | false>,
): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one question after the other is the point
    const answer = await probe();
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    // oxlint-disable-next-line no-await-in-loop
    await delay(50);
  }
}
