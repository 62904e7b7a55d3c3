import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Hierarchies of control groups that the agent uses: version 2, and those of version 1. */
export type Hierarchy = "unified" | "cpuacct" | "memory";

/** Folders of one workload's groups, by hierarchy. */
export type GroupFolders = Readonly<Partial<Record<Hierarchy, string>>>;

export interface GroupLimits {
  /** bytes; `null`: no limit */
  readonly memoryBytes: bigint | null;
  /** whole CPUs; `null`: no limit. Only in version 2. */
  readonly cpus?: number | null;
}

/**
 * Finds this process's own groups: those of a workload are made inside them, so that no limit of the
 * agent's own group is left. `mountinfo` and `cgroup` are the files of `/proc/self`.
 */
export function ownGroups(
  mountinfo: string = readFileSync("/proc/self/mountinfo", "utf8"),
  cgroup: string = readFileSync("/proc/self/cgroup", "utf8"),
): GroupFolders {
  const found: Partial<Record<Hierarchy, string>> = {};
  for (const line of mountinfo.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root = "/", mountPoint = ""] = before.split(" ");
    const [type, , options = ""] = after.split(" ");
    const hierarchy = hierarchyOf(type, options);
    if (hierarchy === null) continue;
    const path = pathIn(cgroup, hierarchy);
    if (path === null || found[hierarchy] !== undefined) continue;
    // A container sees a part of the hierarchy: the path begins with the part's root, or with /.
    const inside = root !== "/" && path.startsWith(root) ? path.slice(root.length) : path;
    found[hierarchy] = join(mountPoint, inside);
  }
  return found;
}

function hierarchyOf(type: string | undefined, options: string): Hierarchy | null {
  if (type === "cgroup2") return "unified";
  if (type !== "cgroup") return null;
  const names = options.split(",");
  if (names.includes("cpuacct")) return "cpuacct";
  return names.includes("memory") ? "memory" : null;
}

/** The path of a process's group: `0::/path`, or `4:memory:/path`. */
function pathIn(cgroup: string, hierarchy: Hierarchy): string | null {
  for (const line of cgroup.split("\n")) {
    const [number, controllers = "", ...path] = line.split(":");
    const isIt =
      hierarchy === "unified"
        ? number === "0" && controllers === ""
        : controllers.split(",").includes(hierarchy);
    if (isIt) return path.join(":");
  }
  return null;
}

/**
 * Makes a group for a workload, in each hierarchy that lets this process. Returns those that it
 * made: none without the rights, such as outside a delegated unit of systemd.
 */
export function makeGroups(
  name: string,
  { memoryBytes, cpus = null }: GroupLimits,
  own: GroupFolders = ownGroups(),
): GroupFolders {
  const unified = make(own.unified === undefined ? undefined : parentOf(own.unified), name);
  const hasMemory = unified !== null && existsSync(join(unified, "memory.current"));
  const made: Partial<Record<Hierarchy, string>> = {};
  if (unified !== null) made.unified = unified;
  const cpuacct = unified === null ? make(own.cpuacct, name) : null;
  if (cpuacct !== null) made.cpuacct = cpuacct;
  const memory = hasMemory ? null : make(own.memory, name);
  if (memory !== null) made.memory = memory;
  if (cpus !== null && unified !== null && existsSync(join(unified, "cpu.max"))) {
    writeFileSync(join(unified, "cpu.max"), `${BigInt(cpus) * CPU_PERIOD} ${CPU_PERIOD}`);
  }
  if (memoryBytes !== null) {
    if (hasMemory && unified !== null) {
      writeFileSync(join(unified, "memory.max"), `${memoryBytes}`);
    } else if (memory !== null) {
      writeFileSync(join(memory, "memory.limit_in_bytes"), `${memoryBytes}`);
    }
  }
  return made;
}

/** Microseconds within which a group may use its share: the kernel's own default. */
const CPU_PERIOD = 100_000n;

/**
 * A group with controllers may have no process of its own (cgroups(7), "no internal processes"). So
 * an agent in a subgroup `agent`, as `DelegateSubgroup=agent` of systemd makes it, uses its parent.
 */
function parentOf(own: string): string {
  return own.endsWith("/agent") ? own.slice(0, -"/agent".length) : own;
}

function make(parent: string | undefined, name: string): string | null {
  if (parent === undefined) return null;
  try {
    offerControllers(parent);
    const folder = join(parent, name);
    mkdirSync(folder);
    return folder;
  } catch {
    return null;
  }
}

/** Offers the controllers to the groups inside. Without the right, or in version 1, they lack them. */
function offerControllers(parent: string): void {
  const file = join(parent, "cgroup.subtree_control");
  if (!existsSync(file)) return;
  for (const controller of ["cpu", "memory"]) {
    try {
      writeFileSync(file, `+${controller}`);
    } catch {
      // The group then counts CPU time only, which needs no controller.
    }
  }
}

/** Moves a process into groups. Throws if one does not take it. */
export function moveInto(groups: GroupFolders, pid: number): void {
  for (const folder of Object.values(groups)) {
    writeFileSync(join(folder, "cgroup.procs"), `${pid}`);
  }
}

/** The processes of groups, each once; zombies are among them. */
export function pidsIn(groups: GroupFolders): readonly number[] {
  const pids = Object.values(groups).flatMap((folder) => {
    try {
      return readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean);
    } catch {
      return [];
    }
  });
  return [...new Set(pids)].map(Number);
}

/** Kills all that is in a group of version 2 at once. Returns false if the kernel is older than 5.14. */
export function killGroup({ unified }: GroupFolders): boolean {
  if (unified === undefined || !existsSync(join(unified, "cgroup.kill"))) return false;
  writeFileSync(join(unified, "cgroup.kill"), "1");
  return true;
}

/** Removes groups that the agent made. Leaves one that still has a process. */
export function removeGroups(groups: GroupFolders): void {
  for (const folder of Object.values(groups)) {
    try {
      rmdirSync(folder);
    } catch {
      // It is gone, or a process is still leaving it.
    }
  }
}
