import { readFile, readlink } from "node:fs/promises";

import type { Source } from "./source.ts";

/**
 * Bytes received and sent by the network namespace of a process, without its loopback. Only for a
 * workload with a namespace of its own, as containers have: in the host's, all traffic is counted.
 */
export function namespaceBytes(pid: number, root = "/proc"): Source {
  return {
    async read() {
      try {
        const [text, epoch] = await Promise.all([
          readFile(`${root}/${pid}/net/dev`, "utf8"),
          readlink(`${root}/${pid}/ns/net`),
        ]);
        return { value: bytesIn(text), epoch };
      } catch {
        return null;
      }
    },
  };
}

/** Whether a process has another network than this one. */
export async function hasOwnNetwork(pid: number, root = "/proc"): Promise<boolean> {
  const [theirs, ours] = await Promise.all([
    readlink(`${root}/${pid}/ns/net`),
    readlink(`${root}/self/ns/net`),
  ]);
  return theirs !== ours;
}

/** Sums `/proc/PID/net/dev` (proc_pid_net(5)): the first number received, the ninth sent. */
export function bytesIn(text: string): bigint {
  let sum = 0n;
  for (const line of text.split("\n").slice(2)) {
    const [name = "", numbers = ""] = line.split(":");
    if (name.trim() === "" || name.trim() === "lo") continue;
    const fields = numbers.trim().split(/\s+/);
    sum += BigInt(fields[0] ?? "0") + BigInt(fields[8] ?? "0");
  }
  return sum;
}
