import { UsageError } from "@compute-credits/platform/process/commandLine";
import type { LineEvidence } from "../lease/lease.ts";
import { type GpuDevice, type Nvml, migProfileOf, modelOf, openNvml } from "../sources/nvml.ts";
import type { AllocatedGpu } from "./measuredLines.ts";

/** The GPUs of a lease, and what they show while it runs. */
export interface LeasedGpus {
  readonly gpus: readonly AllocatedGpu[];
  readonly evidence: () => LineEvidence;
  close(): void;
}

const NO_GPUS: LeasedGpus = { gpus: [], evidence: () => ({}), close: () => undefined };

/**
 * Finds the GPUs that a workload gets: `all`, or those with the UUIDs, which may be MIG slices.
 * Throws a `UsageError` if one is not there.
 */
export function leaseGpus(wanted: readonly string[], open: () => Nvml = openNvml): LeasedGpus {
  if (wanted.length === 0) return NO_GPUS;
  const nvml = open();
  const gpus = pick(nvml.devices(), wanted).map(({ uuid, name }) => {
    return { uuid, model: modelOf(name), mig: migProfileOf(name) };
  });
  return {
    gpus,
    evidence: () => Object.fromEntries(gpus.map(({ uuid }) => [`gpu/${uuid}`, shown(nvml, uuid)])),
    close: () => nvml.close(),
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

/** Evidence is best effort: a device that cannot tell it is still allocated. */
function shown(nvml: Nvml, uuid: string): Record<string, string> {
  try {
    const { utilisationPercent, energyMillijoules } = nvml.evidence(uuid);
    return {
      ...(utilisationPercent === null ? {} : { utilisation_percent: `${utilisationPercent}` }),
      ...(energyMillijoules === null ? {} : { energy_millijoules: `${energyMillijoules}` }),
    };
  } catch {
    return {};
  }
}
