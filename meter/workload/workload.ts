import { type WorkloadRecord, partsOf } from "../journal/entries.ts";
import { killGroup, pidsIn } from "./groups.ts";
import { type Process, createTree, isRunning, readProcess, signal } from "./processes.ts";

/** What is metered. It runs by itself, whatever happens to the agent. */
export interface Workload {
  readonly record: WorkloadRecord;
  isRunning(): Promise<boolean>;
  /** Asks all of it to end. */
  terminate(): Promise<void>;
  /** Ends all of it, and nothing else. Resolves once none of it runs, or after its last try. */
  kill(): Promise<void>;
}

/** Rounds of looking for processes that were started while others were killed. */
const MOST_ROUNDS = 200;

/**
 * A workload on this machine, started by an agent or not. A group that an agent made is killed
 * whole. Of any other only its own processes are, each known by its id and its start.
 */
export function createWorkload(
  record: WorkloadRecord,
  pause: () => Promise<void> = () => new Promise((resolve) => setTimeout(resolve, 10)),
): Workload {
  const { groups, isOurs } = record;
  const parts = partsOf(record);
  const roots = parts.flatMap(({ root }) => root ?? []);
  const tree = createTree(roots);
  const hasGroup = Object.keys(groups).length > 0;

  /** The processes that make up the workload now. */
  function members(): readonly Process[] {
    const found = hasGroup
      ? parts.flatMap((part) => pidsIn(part.groups)).flatMap((pid) => readProcess(pid) ?? [])
      : tree.members();
    return found.filter(({ isZombie }) => !isZombie);
  }

  return {
    record,
    isRunning: () =>
      // A program that ends leaves nothing to pay for, whatever it left behind in its group.
      Promise.resolve(roots.length === 0 ? members().length > 0 : roots.some(isRunning)),
    terminate: () => {
      for (const process of members()) signal(process, "SIGTERM");
      return Promise.resolve();
    },
    async kill() {
      for (let round = 0; round < MOST_ROUNDS; round++) {
        const left = members();
        if (left.length === 0) return;
        if (!(isOurs && killGroup(groups))) {
          for (const process of left) signal(process, "SIGKILL");
        }
        // oxlint-disable-next-line no-await-in-loop -- until none is left
        await pause();
      }
    },
  };
}
