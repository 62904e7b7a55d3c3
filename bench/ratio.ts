/** A measured comparison of A with B: higher is better. */
export interface Figure {
  readonly ratio: number;
  /** operations per second */
  readonly speedOfA: number;
  readonly speedOfB: number;
}

/** Prints a ratio in a fixed format. It is met if value ≥ target. */
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
  if (upper === undefined || lower === undefined) throw new RangeError("no values");
  return (upper + lower) / 2;
}

/** Measures how many seconds `work` takes. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

/** Prepares a run without being timed. Returns the work that is timed. */
type Prepare = () => (() => Promise<unknown>) | Promise<() => Promise<unknown>>;

/**
 * Runs `a` and `b` alternately and returns the median of the paired speed ratios. The ratio is
 * stable if the machine's speed drifts. The first pair is a warm-up. A slow `b` may do fewer
 * operations. BENCH_ROUNDS overrides the number of pairs.
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
    // oxlint-disable-next-line no-await-in-loop -- runs must alternate
    const pair = { a: operations / (await seconds(await a())), b: 0 };
    // oxlint-disable-next-line no-await-in-loop -- runs must alternate
    pair.b = operationsOfB / (await seconds(await b()));
    if (round > 0) pairs.push(pair);
  }
  return {
    ratio: median(pairs.map((pair) => pair.a / pair.b)),
    speedOfA: median(pairs.map((pair) => pair.a)),
    speedOfB: median(pairs.map((pair) => pair.b)),
  };
}
