import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import { type Figure, median, pairedSpeed } from "../ratio.ts";
import { inParallel } from "./inParallel.ts";
import { eventOf, randomBatches } from "./parties.ts";
import { type Rig, holdOnce } from "./rig.ts";
import { CONCURRENCY } from "./singles.ts";

const PAIRS = 3_000;
const EVENTS = 10_000;
const HOT_ACCOUNT = 78;

/**
 * Holds that are captured in full, by 256 callers: pairs per second ÷ single usage events per
 * second of as many callers.
 */
export async function holdCaptureVsUsage(
  { usage, holds }: Rig,
  accounts: "spread" | "hot",
): Promise<Figure> {
  const events = (count: number): UsageEvent[] =>
    accounts === "hot"
      ? Array.from({ length: count }, () => eventOf(HOT_ACCOUNT, new Date()))
      : randomBatches(count, 1).flat();
  return await pairedSpeed(
    () => {
      const list = events(PAIRS);
      return () => inParallel(list, CONCURRENCY, (event) => holdOnce(holds, event));
    },
    () => {
      const list = events(EVENTS);
      return () => inParallel(list, CONCURRENCY, (event) => usage.record([event]));
    },
    { rounds: 7, operations: PAIRS, operationsOfB: EVENTS },
  );
}

const LONE = 150;

/** One caller alone: the median time of a usage event ÷ that of a hold. */
export async function holdLatencyVsUsage({ usage, holds }: Rig): Promise<Figure> {
  const rounds = Number(process.env["BENCH_ROUNDS"] ?? 7);
  const pairs: { hold: number; event: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const requests = randomBatches(LONE, 1).flat().map(requestOf);
    // oxlint-disable-next-line no-await-in-loop -- runs must alternate
    const hold = await medianSeconds(requests, async (request) => {
      if ((await holds.authorize(request)).result !== "held") throw new Error("not held");
    });
    // oxlint-disable-next-line no-await-in-loop -- runs must alternate
    await inParallel(requests, CONCURRENCY, (request) => holds.release(request));
    // oxlint-disable-next-line no-await-in-loop -- runs must alternate
    const event = await medianSeconds(randomBatches(LONE, 1), (single) => usage.record(single));
    if (round > 0) pairs.push({ hold, event });
  }
  return {
    ratio: median(pairs.map(({ hold, event }) => event / hold)),
    speedOfA: 1 / median(pairs.map(({ hold }) => hold)),
    speedOfB: 1 / median(pairs.map(({ event }) => event)),
  };
}

async function medianSeconds<T>(
  list: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<number> {
  const times: number[] = [];
  for (const item of list) {
    const start = performance.now();
    // oxlint-disable-next-line no-await-in-loop -- one caller sends one after the other
    await work(item);
    times.push((performance.now() - start) / 1_000);
  }
  return median(times);
}

function requestOf({ provider, id, spender, meter, quantity, dimensions }: UsageEvent) {
  return { provider, id, spender, meter, quantity, dimensions, ttlSeconds: 3_600 };
}
