/** A measured comparison, as anyone can read it: higher is better, met at value ≥ target. */
export function printRatio(name: string, value: number, target: number): void {
  console.log(`RATIO ${name} ${value.toFixed(2)} target ${target}`);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError("the median of nothing");
  return (upper + lower) / 2;
}

/** Seconds that `work` takes. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

/**
 * Runs two ways of doing the same amount of work in turn and gives the median of `a`'s speed over `b`'s, pair by pair: the
 * ratio holds when the machine's own speed drifts.
 */
export async function pairedSpeed(
  a: (round: number) => Promise<unknown>,
  b: (round: number) => Promise<unknown>,
  rounds: number,
): Promise<{ ratio: number; secondsOfA: number; secondsOfB: number }> {
  const pairs: { a: number; b: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    // oxlint-disable-next-line no-await-in-loop -- in turn is the point
    pairs.push({ a: await seconds(() => a(round)), b: await seconds(() => b(round)) });
  }
  return {
    ratio: median(pairs.map((pair) => pair.b / pair.a)),
    secondsOfA: median(pairs.map((pair) => pair.a)),
    secondsOfB: median(pairs.map((pair) => pair.b)),
  };
}
