import { readFileSync } from "node:fs";

import { NS_PER_SECOND } from "../clock.ts";
import { TICKS_PER_SECOND, type Tree, readProcess } from "../workload/processes.ts";
import type { Source } from "./source.ts";

/** How often a set of processes that changed while it was read is read again. */
const MOST_TRIES = 5;

/**
 * CPU time of a process with all that it started, in nanoseconds, to a clock tick (10 ms). For
 * machines that give the agent no control group: what a process used that ends unseen between two
 * readings, and that no member waited for, is not counted.
 */
export function procCpu(tree: Pick<Tree, "members">): Source {
  return {
    read() {
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const members = tree.members();
        // Whoever waits for a process takes over its time, so one that went while the others were
        // read may be in the sum twice.
        const isWhole = members.every(
          ({ pid, startTicks }) => readProcess(pid)?.startTicks === startTicks,
        );
        if (!isWhole) continue;
        const ticks = members.reduce((sum, { cpuTicks }) => sum + cpuTicks, 0n);
        const value = (ticks * NS_PER_SECOND) / TICKS_PER_SECOND;
        return Promise.resolve({ value, epoch: "tree" });
      }
      return Promise.resolve(null);
    },
  };
}

/**
 * Memory of a process with all that it started, in bytes: each page divided by how many processes
 * share it (`Pss` of `/proc/PID/smaps_rollup`), so that no page counts twice.
 */
export function procMemory(tree: Pick<Tree, "members">): Source {
  return {
    read() {
      let kib = 0n;
      for (const { pid, isZombie } of tree.members()) {
        if (!isZombie) kib += pssKib(pid);
      }
      return Promise.resolve({ value: kib * 1_024n, epoch: "tree" });
    },
  };
}

/** 0 for a process that has ended, or that may not be read. */
function pssKib(pid: number): bigint {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    return BigInt(/^Pss: +(\d+) kB$/m.exec(text)?.[1] ?? "0");
  } catch {
    return 0n;
  }
}
