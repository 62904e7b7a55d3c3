import { availableParallelism, totalmem } from "node:os";

import { UsageError } from "@compute-credits/platform/process/commandLine";
import { NS_PER_SECOND } from "../clock.ts";
import { openDocker } from "../docker/engine.ts";
import { type WorkloadPart, type WorkloadRecord, partsOf } from "../journal/entries.ts";
import type { Line } from "../lease/line.ts";
import { lineOf } from "../lease/linesOf.ts";
import { cgroupCpu, cgroupMemory } from "../sources/cgroup.ts";
import { diskSize, diskUsed } from "../sources/disk.ts";
import { containerSources } from "../sources/docker.ts";
import { hasOwnNetwork, namespaceBytes } from "../sources/network.ts";
import { procCpu, procMemory } from "../sources/proc.ts";
import { type Source, allocated, summed } from "../sources/source.ts";
import { createTree } from "../workload/processes.ts";
import type { MeterOptions } from "./options.ts";

/** A GPU that the workload has to itself. */
export interface AllocatedGpu {
  readonly uuid: string;
  /** as rate cards name the model: `H100` */
  readonly model: string;
  /** the slice's profile, such as `1g.5gb`; `null` for a whole GPU */
  readonly mig: string | null;
}

/**
 * The lines of a lease, from what the user wants measured. What the workload is comes later, with
 * `sourcesOf`. Rejects with a `UsageError` if nothing is.
 */
export async function linesOf(
  { measured, meters, dimensions }: Pick<MeterOptions, "measured" | "meters" | "dimensions">,
  gpus: readonly AllocatedGpu[],
): Promise<Line[]> {
  const { cpus, memoryLimit, disk, diskQuota, networkBytesPerSecond } = measured;
  const lines: Line[] = [];
  const add = (of: "cpu" | "memory" | "disk" | "network", mostPerSecond: bigint) =>
    lines.push(lineOf(meters, of, { id: of, mostPerSecond, dimensions }));
  if (measured.cpu) {
    add("cpu", BigInt(cpus ?? availableParallelism()) * NS_PER_SECOND);
  } else if (cpus !== null) {
    const mostPerSecond = BigInt(cpus) * NS_PER_SECOND;
    const line = lineOf(meters, "cpu", { id: "cpu", mostPerSecond, dimensions });
    // What is set aside is a level: so many CPUs for as long as the workload runs.
    lines.push({ ...line, kind: "level" });
  }
  if (measured.memory || memoryLimit !== null) {
    add("memory", (memoryLimit ?? machineMemory()) * NS_PER_SECOND);
  }
  if (disk !== null || diskQuota !== null) {
    add("disk", (diskQuota ?? (await sizeOfDisk(disk ?? "/"))) * NS_PER_SECOND);
  }
  if (measured.network) add("network", networkBytesPerSecond);
  for (const { uuid, model, mig } of gpus) {
    const named = { gpu: model, ...(mig === null ? {} : { mig }), ...dimensions };
    const id = `gpu/${uuid}`;
    lines.push(lineOf(meters, "gpu", { id, mostPerSecond: NS_PER_SECOND, dimensions: named }));
  }
  if (lines.length > 0) return lines;
  throw new UsageError(
    "Say what is charged: --cpu, --memory, --gpu all, --disk PATH or --network.",
  );
}

async function sizeOfDisk(path: string): Promise<bigint> {
  try {
    return await diskSize(path);
  } catch (cause) {
    throw new UsageError(`--disk ${path} is not there.`, { cause });
  }
}

/** The most memory that a process can use here: the machine's, or the limit of the agent's container. */
function machineMemory(): bigint {
  const limit = process.constrainedMemory();
  const machine = totalmem();
  return BigInt(limit > 0 && limit < machine ? limit : machine);
}

/**
 * The source of each line, for one workload. Rejects with a `UsageError` if something cannot be
 * measured here.
 */
export async function sourcesOf(
  { measured, dockerSocket }: Pick<MeterOptions, "measured" | "dockerSocket">,
  lines: readonly Line[],
  record: WorkloadRecord,
): Promise<Map<string, Source>> {
  const found = await measurable(record, dockerSocket);
  const sources = new Map<string, Source>();
  for (const { id } of lines) {
    // oxlint-disable-next-line no-await-in-loop -- five at most
    sources.set(id, await sourceOf(id, measured, found, record));
  }
  return sources;
}

interface Measurable {
  readonly cpu: Source | null;
  readonly memory: Source | null;
  readonly network: Source | null;
}

async function measurable(record: WorkloadRecord, dockerSocket: string): Promise<Measurable> {
  const parts = partsOf(record);
  const { root } = record;
  const docker = openDocker(dockerSocket);
  const containers = parts.flatMap(({ container }) =>
    container === null ? [] : containerSources(docker, container),
  );
  if (containers.length > 0) {
    return {
      cpu: summed(containers.map(({ cpu }) => cpu)),
      memory: summed(containers.map(({ memory }) => memory)),
      network: summed(containers.map(({ network }) => network)),
    };
  }
  const roots = parts.flatMap((part) => part.root ?? []);
  const tree = roots.length === 0 ? null : createTree(roots);
  // Several processes may share one network.
  const hasNetwork =
    root !== null && parts.length === 1 && (await hasOwnNetwork(root.pid).catch(() => false));
  return {
    cpu: allOf(parts.map(({ groups }) => cgroupCpu(groups))) ?? (tree && procCpu(tree)),
    memory: (await memoryOf(parts)) ?? (tree && procMemory(tree)),
    network: hasNetwork ? namespaceBytes(root.pid) : null,
  };
}

async function memoryOf(parts: readonly WorkloadPart[]): Promise<Source | null> {
  return allOf(await Promise.all(parts.map(({ groups }) => readable(cgroupMemory(groups)))));
}

/** The sum of what all parts have; `null` if one has it not. */
function allOf(sources: readonly (Source | null)[]): Source | null {
  const found = sources.filter((source) => source !== null);
  return found.length < sources.length ? null : summed(found);
}

/** A group of version 2 may lack the memory controller. */
async function readable(source: Source | null): Promise<Source | null> {
  return (await source?.read()) == null ? null : source;
}

async function sourceOf(
  id: string,
  measured: MeterOptions["measured"],
  found: Measurable,
  { root }: WorkloadRecord,
): Promise<Source> {
  switch (id) {
    case "cpu":
      if (measured.cpus !== null && !measured.cpu) return allocated(BigInt(measured.cpus));
      return found.cpu ?? missing("--cpu", "this workload's CPU time cannot be read");
    case "memory":
      if (measured.memoryLimit !== null && !measured.memory) return allocated(measured.memoryLimit);
      return found.memory ?? missing("--memory", "this workload's memory cannot be read");
    case "disk":
      return measured.diskQuota === null
        ? diskUsed(measured.disk ?? "/")
        : allocated(measured.diskQuota);
    case "network":
      return (
        found.network ??
        missing(
          "--network",
          root === null
            ? "only containers and processes with a network of their own are counted"
            : "the workload shares the machine's network, where all traffic would count",
        )
      );
    default:
      return allocated(1n);
  }
}

function missing(option: string, why: string): never {
  throw new UsageError(`${option}: ${why}.`);
}
