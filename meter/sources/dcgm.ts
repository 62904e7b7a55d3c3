import { boundedBody } from "@compute-credits/platform/process/boundedBody";
import type { GpuDevice, GpuEvidence } from "./nvml.ts";

/** What dcgm-exporter tells of one device. */
export interface ExportedGpu extends GpuDevice, GpuEvidence {
  /** of a MIG slice, such as `1g.5gb`; `null` for a whole GPU */
  readonly migProfile: string | null;
}

/** A host with eight GPUs in slices has about 200 KB. */
const MOST_BYTES = 8_388_608;

const TIMEOUT_MS = 5_000;

/** Asks an exporter, such as `http://127.0.0.1:9400/metrics`. Rejects if it does not answer. */
export async function readExporter(url: string): Promise<readonly ExportedGpu[]> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const text = await boundedBody(response, MOST_BYTES);
  if (!response.ok) throw new Error(`dcgm-exporter answered ${response.status}`);
  return readDcgm(text);
}

const SAMPLE = /^(DCGM_FI_\w+)\{(.*)\} (\S+)/;

const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/**
 * Reads the text of dcgm-exporter: the devices it lists, for hosts where the agent may not load NVML
 * itself. A slice has its GPU's UUID there, so it is named by that and its instance.
 */
export function readDcgm(text: string): readonly ExportedGpu[] {
  const found = new Map<string, ExportedGpu>();
  for (const line of text.split("\n")) {
    const [, metric, labelText = "", value = ""] = SAMPLE.exec(line) ?? [];
    if (metric === undefined) continue;
    const labels = new Map(
      [...labelText.matchAll(LABEL)].map(([, name = "", of = ""]) => [name, of]),
    );
    const gpu = labels.get("UUID");
    if (gpu === undefined) continue;
    const instance = labels.get("GPU_I_ID");
    const uuid = instance === undefined ? gpu : `${gpu}/${instance}`;
    const before = found.get(uuid) ?? {
      uuid,
      name: labels.get("modelName") ?? "unknown",
      migProfile: labels.get("GPU_I_PROFILE") ?? null,
      utilisationPercent: null,
      energyMillijoules: null,
    };
    found.set(uuid, { ...before, ...evidenceOf(metric, value) });
  }
  return [...found.values()];
}

function evidenceOf(metric: string, value: string): Partial<GpuEvidence> {
  const number = Number(value);
  if (!Number.isFinite(number) || number < 0) return {};
  if (metric === "DCGM_FI_DEV_GPU_UTIL") return { utilisationPercent: number };
  if (metric !== "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION") return {};
  return { energyMillijoules: BigInt(Math.trunc(number)) };
}
