import { type Figure, pairedSpeed } from "../ratio.ts";
import { inParallel } from "./inParallel.ts";
import { BATCH, CALLERS, type Rig } from "./rig.ts";
import { eventOf, randomBatches } from "./parties.ts";

const BATCHES = 16;

/** All events on one account ÷ events spread over all accounts. */
export async function hotAccountVsSpread({ usage }: Rig): Promise<Figure> {
  return await pairedSpeed(
    () => {
      const now = new Date();
      const batches = Array.from({ length: BATCHES }, () =>
        Array.from({ length: BATCH }, () => eventOf(77, now)),
      );
      return () => inParallel(batches, CALLERS, (batch) => usage.record(batch));
    },
    () => {
      const batches = randomBatches(BATCHES, BATCH);
      return () => inParallel(batches, CALLERS, (batch) => usage.record(batch));
    },
    { rounds: 7, operations: BATCHES * BATCH },
  );
}
