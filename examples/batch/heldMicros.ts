import type { Address } from "viem";

import { createApi } from "@compute-credits/client/http/api";
import { previewPrices } from "@compute-credits/client/pricing/previewPrices";
import { linesOf } from "../../meter/commands/measuredLines.ts";
import { metersOf } from "../../meter/lease/linesOf.ts";
import { unitsFor } from "../../meter/lease/plan.ts";
import { MOST } from "./runJob.ts";

/** As `runJob` asks the agent. */
const MEASURED = {
  cpu: true,
  cpus: MOST.cpus,
  memory: true,
  memoryLimit: BigInt(MOST.memoryMiB) * 1_048_576n,
  gpus: [],
  exporterUrl: null,
  disk: null,
  diskQuota: null,
  network: false,
  networkBytesPerSecond: 0n,
};

/**
 * The most that so many seconds of a job can cost: what the agent sets aside before a job
 * begins. The job gets back what it did not use.
 */
export async function heldMicros(
  { server, provider }: { readonly server: string; readonly provider: Address },
  seconds: number,
): Promise<bigint> {
  const lines = await linesOf({ measured: MEASURED, meters: metersOf(""), dimensions: {} }, []);
  const measurements = lines.map((line) => ({
    meter: line.meter,
    dimensions: line.dimensions,
    quantity: unitsFor(line, seconds) + 1n,
  }));
  const { totalMicros } = await previewPrices(createApi(server), { provider, measurements });
  return totalMicros;
}
