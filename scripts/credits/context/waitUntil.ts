import { setTimeout as delay } from "node:timers/promises";

/** Milliseconds between two questions to a server, which other callers use too. */
const PAUSE_MS = 250;

/** Asks until it is so, for at most `mostMs`. Returns whether it was. */
export async function waitUntil(
  isSo: () => Promise<boolean>,
  { mostMs }: { readonly mostMs: number },
): Promise<boolean> {
  const deadline = performance.now() + mostMs;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one question after the other
    if (await isSo()) return true;
    if (performance.now() > deadline) return false;
    // oxlint-disable-next-line no-await-in-loop
    await delay(PAUSE_MS);
  }
}
