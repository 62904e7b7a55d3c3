import { UsageError } from "@compute-credits/platform/process/commandLine";
import type { LineEvidence } from "../lease/lease.ts";
import { readExporter } from "../sources/dcgm.ts";
import {
  type GpuDevice,
  type GpuEvidence,
  type Nvml,
  migProfileOf,
  modelOf,
  openNvml,
} from "../sources/nvml.ts";
import type { AllocatedGpu } from "./measuredLines.ts";

/** The GPUs of a lease, and what they show while it runs. */
export interface LeasedGpus {
  readonly gpus: readonly AllocatedGpu[];
  /** Never rejects: a device that cannot tell it is still set aside. */
  readonly evidence: () => Promise<LineEvidence>;
  close(): void;
}

export interface GpuOptions {
  /** `all`, or UUIDs; none if empty */
  readonly wanted: readonly string[];
  /** dcgm-exporter's metrics, in place of NVML */
  readonly exporterUrl: string | null;
}

const NO_GPUS: LeasedGpus = {
  gpus: [],
  evidence: () => Promise.resolve({}),
  close: () => undefined,
};

/**
 * Finds the GPUs that a workload gets: `all`, or those with the UUIDs, which may be MIG slices.
 * Rejects with a `UsageError` if one is not there.
 */
export async function leaseGpus(
  { wanted, exporterUrl }: GpuOptions,
  open: () => Nvml = openNvml,
): Promise<LeasedGpus> {
  if (wanted.length === 0) return NO_GPUS;
  if (exporterUrl !== null) return await exportedGpus(wanted, exporterUrl);
  const nvml = open();
  const gpus = pick(nvml.devices(), wanted).map(({ uuid, name }) => {
    return { uuid, model: modelOf(name), mig: migProfileOf(name) };
  });
  return {
    gpus,
    evidence: () => Promise.resolve(evidenceOf(gpus, (uuid) => shown(nvml, uuid))),
    close: () => nvml.close(),
  };
}

async function exportedGpus(wanted: readonly string[], url: string): Promise<LeasedGpus> {
  const found = await readExporter(url).catch((cause: unknown) => {
    throw new UsageError(`--dcgm-exporter ${url} does not answer.`, { cause });
  });
  const uuids = new Set(pick(found, wanted).map(({ uuid }) => uuid));
  const gpus = found
    .filter(({ uuid }) => uuids.has(uuid))
    .map(({ uuid, name, migProfile: mig }) => ({ uuid, model: modelOf(name), mig }));
  return {
    gpus,
    async evidence() {
      const now = await readExporter(url).catch(() => []);
      return evidenceOf(gpus, (uuid) => now.find((some) => some.uuid === uuid) ?? null);
    },
    close: () => undefined,
  };
}

function pick(devices: readonly GpuDevice[], wanted: readonly string[]): readonly GpuDevice[] {
  if (wanted.length === 1 && wanted[0] === "all") {
    if (devices.length > 0) return devices;
    throw new UsageError("--gpu all: this machine has no GPU that NVIDIA's driver knows.");
  }
  return wanted.map((uuid) => {
    const device = devices.find((some) => some.uuid === uuid);
    if (device !== undefined) return device;
    const known = devices.map((some) => `${some.uuid} (${some.name})`).join(", ");
    throw new UsageError(`--gpu ${uuid} is not here. There are: ${known || "none"}.`);
  });
}

function evidenceOf(
  gpus: readonly AllocatedGpu[],
  of: (uuid: string) => GpuEvidence | null,
): LineEvidence {
  return Object.fromEntries(
    gpus.map(({ uuid }) => {
      const { utilisationPercent = null, energyMillijoules = null } = of(uuid) ?? {};
      const evidence = {
        ...(utilisationPercent === null ? {} : { utilisation_percent: `${utilisationPercent}` }),
        ...(energyMillijoules === null ? {} : { energy_millijoules: `${energyMillijoules}` }),
      };
      return [`gpu/${uuid}`, evidence];
    }),
  );
}

function shown(nvml: Nvml, uuid: string): GpuEvidence | null {
  try {
    return nvml.evidence(uuid);
  } catch {
    return null;
  }
}
