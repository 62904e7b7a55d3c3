import { existsSync } from "node:fs";
import { join } from "node:path";

import { UsageError } from "@compute-credits/platform/process/commandLine";
import type { WorkloadRecord } from "../journal/entries.ts";
import type { GroupFolders } from "./groups.ts";
import { readProcess } from "./processes.ts";

/** A process that runs already, with all that it starts. Throws a `UsageError` if there is none. */
export function attachToProcess(pid: number): WorkloadRecord {
  const process = readProcess(pid);
  if (process === null) throw new UsageError(`--pid ${pid}: no such process runs.`);
  const root = { pid, startTicks: process.startTicks };
  return { root, groups: {}, isOurs: false, container: null };
}

/** A control group that is there already. Throws a `UsageError` if it is none. */
export function attachToGroup(folder: string): WorkloadRecord {
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
