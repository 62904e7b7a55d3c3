import type { SimulationOptions } from "./simulationOptions.ts";
import type { ServerPool } from "./serverPool.ts";
import type { Journal } from "./journal.ts";
import { seededRandom } from "./random.ts";

type Crash = {
  readonly at: number;
  readonly kind: "process" | "database";
  readonly index: number;
};

/** Kills server processes and the database. The seed decides after how many operations. */
export class CrashInjector {
  readonly #serverPool: ServerPool;
  readonly #journal: Journal;
  readonly #crashes: Crash[];

  constructor(
    serverPool: ServerPool,
    journal: Journal,
    { seed, operations, kills, processes }: SimulationOptions,
  ) {
    this.#serverPool = serverPool;
    this.#journal = journal;
    const random = seededRandom(seed, "kills");
    const createCrashes = (count: number, kind: Crash["kind"]) =>
      Array.from({ length: count }, () => ({
        kind,
        at: random.between(Math.floor(operations * 0.1), Math.floor(operations * 0.9)),
        index: random.below(processes),
      }));
    this.#crashes = [
      ...createCrashes(kills.processes, "process"),
      ...createCrashes(kills.databases, "database"),
    ];
    this.#crashes.sort((a, b) => a.at - b.at);
  }

  /** Runs `work` and injects the crashes that become due. */
  async during(work: () => Promise<void>): Promise<void> {
    const killed: Promise<void>[] = [];
    const watch = setInterval(() => {
      const [next] = this.#crashes;
      if (next === undefined || this.#journal.operations < next.at) return;
      this.#crashes.shift();
      killed.push(
        next.kind === "process"
          ? this.#serverPool.killProcess(next.index)
          : this.#serverPool.killDatabase(),
      );
    }, 5);
    try {
      await work();
    } finally {
      clearInterval(watch);
      await Promise.all(killed);
    }
  }
}
