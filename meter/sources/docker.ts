import type { Container, ContainerStats, Docker } from "../docker/engine.ts";
import type { Reading, Source } from "./source.ts";

/** A container's CPU time in nanoseconds, its memory and its network traffic in bytes. */
export interface ContainerSources {
  readonly cpu: Source;
  readonly memory: Source;
  readonly network: Source;
}

/** Sources of one container. Readings at the same time share one question to the engine. */
export function containerSources(docker: Docker, name: string): ContainerSources {
  let asked: Promise<Asked | null> | null = null;

  async function ask(): Promise<Asked | null> {
    try {
      const [container, stats] = await Promise.all([docker.inspect(name), docker.stats(name)]);
      // The engine shows no counters of a container that has ended.
      return container?.isRunning === true ? { container, stats } : null;
    } catch {
      return null;
    } finally {
      asked = null;
    }
  }

  const of = (pick: (stats: ContainerStats) => bigint | null): Source => ({
    async read(): Promise<Reading | null> {
      asked ??= ask();
      const answer = await asked;
      const value = answer === null ? null : pick(answer.stats);
      if (answer === null || value === null) return null;
      return { value, epoch: answer.container.startedAt };
    },
  });

  return {
    cpu: of(({ cpuNs }) => cpuNs),
    memory: of(({ memoryBytes }) => memoryBytes),
    network: of(({ networkBytes }) => networkBytes),
  };
}

interface Asked {
  readonly container: Container;
  readonly stats: ContainerStats;
}
