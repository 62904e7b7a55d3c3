import { statfs } from "node:fs/promises";

import type { Source } from "./source.ts";

/** Bytes that are used of the file system that holds a path: a volume of its own for the workload. */
export function diskUsed(path: string): Source {
  return {
    async read() {
      try {
        const { blocks, bfree, bsize, type } = await statfs(path, { bigint: true });
        return { value: (blocks - bfree) * bsize, epoch: `file system ${type}` };
      } catch {
        return null;
      }
    },
  };
}

/** Bytes of the whole file system: the most that a workload can use of it. Rejects without one. */
export async function diskSize(path: string): Promise<bigint> {
  const { blocks, bsize } = await statfs(path, { bigint: true });
  return blocks * bsize;
}
