/** A measured comparison: higher is better. */
export interface Figure {
  readonly ratio: number;
  /** operations in a second */
  readonly speedOfA: number;
  readonly speedOfB: number;
}

/** A measured comparison, as anyone can read it: met at value ≥ target. */
export function printRatio(name: string, value: number, target: number | "reported"): void {
  console.log(`RATIO ${name} ${value.toFixed(2)} target ${target}`);
}

export function printFigure(
  name: string,
  { ratio, speedOfA, speedOfB }: Figure,
  target: number | "reported",
): void {
  console.log(`${name}: ${Math.round(speedOfA)}/s against ${Math.round(speedOfB)}/s`);
  printRatio(name, ratio, target);
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

/** Prepares a run, off the clock, and gives what the clock runs for. */
type Prepare = () => (() => Promise<unknown>) | Promise<() => Promise<unknown>>;

/**
 * Runs two ways of doing the same in turn and gives the median of `a`'s speed over `b`'s, pair by pair: the ratio holds
 * when the machine's own speed drifts. A first pair warms up and does not count. Where `b` is slow, it may do fewer
 * operations. BENCH_ROUNDS changes the number of pairs.
 */
export async function pairedSpeed(
  a: Prepare,
  b: Prepare,
  {
    rounds,
    operations,
    operationsOfB = operations,
  }: { rounds: number; operations: number; operationsOfB?: number },
): Promise<Figure> {
  const pairs: { a: number; b: number }[] = [];
  const counted = Number(process.env["BENCH_ROUNDS"] ?? rounds);
  for (let round = 0; round <= counted; round++) {
    // oxlint-disable-next-line no-await-in-loop -- in turn is the point
    const pair = { a: operations / (await seconds(await a())), b: 0 };
    // oxlint-disable-next-line no-await-in-loop -- in turn is the point
    pair.b = operationsOfB / (await seconds(await b()));
    if (round > 0) pairs.push(pair);
  }
  return {
    ratio: median(pairs.map((pair) => pair.a / pair.b)),
    speedOfA: median(pairs.map((pair) => pair.a)),
    speedOfB: median(pairs.map((pair) => pair.b)),
  };
}
