import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";

import { UsageError } from "@compute-credits/platform/process/commandLine";
import type { Docker } from "../docker/engine.ts";
import type { WorkloadPart } from "../journal/entries.ts";
import type { GroupFolders } from "./groups.ts";
import { readProcess } from "./processes.ts";

/** A process that runs already, with all that it starts. Throws a `UsageError` if there is none. */
export function attachToProcess(pid: number): WorkloadPart {
  const process = readProcess(pid);
  if (process === null) throw new UsageError(`--pid ${pid}: no such process runs.`);
  const root = { pid, startTicks: process.startTicks };
  return { root, groups: {}, isOurs: false, container: null };
}

/**
 * Control groups that are there already. Throws a `UsageError` if one is none, or lies within
 * another: what it uses counts there already.
 */
export function attachToGroups(folders: readonly string[]): readonly WorkloadPart[] {
  const parts = folders.map(attachToGroup);
  const paths = folders.map((folder) => `${realpathSync(folder)}/`);
  for (const [index, path] of paths.entries()) {
    const outer = paths.findIndex((other, at) => at !== index && path.startsWith(other));
    if (outer === -1) continue;
    throw new UsageError(
      `--cgroup ${folders[index] ?? ""} is in ${folders[outer] ?? ""}, where it counts already.`,
    );
  }
  return parts;
}

/** Containers of Docker's that run. Rejects with a `UsageError` if one does not. */
export async function attachToContainers(
  docker: Pick<Docker, "inspect">,
  names: readonly string[],
): Promise<readonly WorkloadPart[]> {
  const found = await Promise.all(
    names.map(async (name) => {
      const container = await docker.inspect(name);
      if (container?.isRunning === true) return container.id;
      throw new UsageError(`--container ${name}: no such container runs.`);
    }),
  );
  return [...new Set(found)].map((container) => ({
    root: null,
    groups: {},
    isOurs: false,
    container,
  }));
}

function attachToGroup(folder: string): WorkloadPart {
  const groups = groupsOf(folder);
  if (groups !== null) return { root: null, groups: { ...groups }, isOurs: false, container: null };
  throw new UsageError(
    `--cgroup ${folder} is no control group: name its folder, such as ` +
      "/sys/fs/cgroup/system.slice/web.service",
  );
}

function groupsOf(folder: string): GroupFolders | null {
  if (!existsSync(join(folder, "cgroup.procs"))) return null;
  if (existsSync(join(folder, "cgroup.controllers"))) return { unified: folder };
  if (existsSync(join(folder, "cpuacct.usage"))) return { cpuacct: folder };
  return existsSync(join(folder, "memory.usage_in_bytes")) ? { memory: folder } : null;
}
