import { setTimeout as delay } from "node:timers/promises";

/** How long a local system may take for what it does by itself. */
const PATIENCE_MS = 30_000;

/** Asks again and again until `probe` answers; rejects, naming `what`, where it does not in half a minute. */
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
