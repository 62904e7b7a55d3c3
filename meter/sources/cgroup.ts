import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import type { GroupFolders } from "../workload/groups.ts";
import type { Source } from "./source.ts";

/**
 * CPU time that a control group has used, in nanoseconds: `cpu.stat` of version 2, which every group
 * has, or `cpuacct.usage` of version 1. Returns `null` if neither is there.
 */
export function cgroupCpu({ unified, cpuacct }: GroupFolders): Source | null {
  if (unified !== undefined) {
    return fileSource(unified, "cpu.stat", (text) => {
      const micros = /^usage_usec (\d+)$/m.exec(text)?.[1];
      return micros === undefined ? null : BigInt(micros) * 1_000n;
    });
  }
  return cpuacct === undefined ? null : fileSource(cpuacct, "cpuacct.usage", wholeNumber);
}

/**
 * Memory that a control group uses, in bytes, with its page cache and the kernel's memory for it:
 * what its limit bounds. Returns `null` if the memory controller is not there.
 */
export function cgroupMemory({ memory, unified }: GroupFolders): Source | null {
  if (memory !== undefined) return fileSource(memory, "memory.usage_in_bytes", wholeNumber);
  return unified === undefined ? null : fileSource(unified, "memory.current", wholeNumber);
}

/** Parses a file of one number; `null` for anything else, such as `max`. */
export function wholeNumber(text: string): bigint | null {
  const digits = text.trim();
  return /^\d{1,20}$/.test(digits) ? BigInt(digits) : null;
}

/** Reads a number in a group's file. A group of the same name that was made later is another one. */
function fileSource(folder: string, name: string, parse: (text: string) => bigint | null): Source {
  const path = join(folder, name);
  return {
    read() {
      // The kernel answers from memory: waiting for a thread would take longer than the answer.
      try {
        const value = parse(readFileSync(path, "utf8"));
        const epoch = `inode ${statSync(folder).ino}`;
        return Promise.resolve(value === null ? null : { value, epoch });
      } catch {
        return Promise.resolve(null);
      }
    },
  };
}
