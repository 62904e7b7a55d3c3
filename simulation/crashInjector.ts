import type { SimulationOptions } from "./simulationOptions.ts";
import type { ServerPool } from "./serverPool.ts";
import type { Journal } from "./journal.ts";
import { seededRandom } from "./random.ts";

type Victim = {
  readonly at: number;
  readonly kind: "process" | "database";
  readonly index: number;
};

/** Kills server processes, and the database, after numbers of operations that the seed determines. */
export class CrashInjector {
  readonly #serverPool: ServerPool;
  readonly #journal: Journal;
  readonly #victims: Victim[];

  constructor(
    serverPool: ServerPool,
    journal: Journal,
    { seed, operations, kills, processes }: SimulationOptions,
  ) {
    this.#serverPool = serverPool;
    this.#journal = journal;
    const random = seededRandom(seed, "kills");
    const some = (count: number, kind: Victim["kind"]) =>
      Array.from({ length: count }, () => ({
        kind,
        at: random.between(Math.floor(operations * 0.1), Math.floor(operations * 0.9)),
        index: random.below(processes),
      }));
    this.#victims = [...some(kills.processes, "process"), ...some(kills.databases, "database")];
    this.#victims.sort((a, b) => a.at - b.at);
  }

  /** Watches the work, and kills when it is time. */
  async during(work: () => Promise<void>): Promise<void> {
    const killed: Promise<void>[] = [];
    const watch = setInterval(() => {
      const [next] = this.#victims;
      if (next === undefined || this.#journal.operations < next.at) return;
      this.#victims.shift();
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
