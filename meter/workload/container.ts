import { openDocker } from "../docker/engine.ts";
import type { WorkloadRecord } from "../journal/entries.ts";
import type { Workload } from "./workload.ts";

/** Tries of a kill: the engine answers before the container has ended. */
const MOST_LOOKS = 200;

/**
 * A container of Docker's. Docker ends its processes, and only its. An engine that does not answer
 * says nothing about the container, so it counts as running.
 */
export function createContainerWorkload(
  record: WorkloadRecord,
  socket: string,
  pause: () => Promise<void> = () => new Promise((resolve) => setTimeout(resolve, 50)),
): Workload {
  const docker = openDocker(socket);
  const name = record.container ?? "";

  const isRunning = async () => {
    try {
      return (await docker.inspect(name))?.isRunning ?? false;
    } catch {
      return true;
    }
  };

  return {
    record,
    isRunning,
    terminate: () => docker.kill(name, "SIGTERM").catch(() => undefined),
    async kill() {
      for (let look = 0; look < MOST_LOOKS; look++) {
        // oxlint-disable-next-line no-await-in-loop -- until it has ended
        if (!(await isRunning())) return;
        // oxlint-disable-next-line no-await-in-loop
        await docker.kill(name, "SIGKILL").catch(() => undefined);
        // oxlint-disable-next-line no-await-in-loop
        await pause();
      }
    },
  };
}
