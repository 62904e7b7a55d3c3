import type { SimulationOptions } from "./simulationOptions.ts";
import type { ServerPool } from "./serverPool.ts";
import type { Journal } from "./journal.ts";
import { seededRandom } from "./random.ts";

type Kind = "process" | "database" | "frozen process" | "frozen database" | "silence";

type Crash = {
  readonly at: number;
  readonly kind: Kind;
  readonly index: number;
};

/** Injects kills and other faults under load. The seed decides after how many operations. */
export class CrashInjector {
  readonly #serverPool: ServerPool;
  readonly #journal: Journal;
  readonly #crashes: Crash[];

  constructor(
    serverPool: ServerPool,
    journal: Journal,
    { seed, operations, kills, faults, processes }: SimulationOptions,
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
      ...createCrashes(faults?.frozenProcesses ?? 0, "frozen process"),
      ...createCrashes(faults?.frozenDatabases ?? 0, "frozen database"),
      ...createCrashes(faults?.silences ?? 0, "silence"),
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
      const injected = this.#inject(next);
      // Calls fail for the same reason meanwhile, and the run ends with it below.
      injected.catch(() => undefined);
      killed.push(injected);
    }, 5);
    try {
      await work();
    } finally {
      clearInterval(watch);
      await Promise.all(killed);
    }
  }

  async #inject({ kind, index }: Crash): Promise<void> {
    switch (kind) {
      case "process":
        await this.#serverPool.killProcess(index);
        return;
      case "database":
        await this.#serverPool.killDatabase();
        return;
      case "frozen process":
        await this.#serverPool.freezeProcess(index);
        return;
      case "frozen database":
        await this.#serverPool.freezeDatabase();
        return;
      case "silence":
        this.#serverPool.silence();
        return;
      default:
        kind satisfies never;
    }
  }
}
