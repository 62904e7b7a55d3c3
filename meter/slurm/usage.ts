import { MEASURES } from "../measures.ts";
import { NS_PER_SECOND } from "../clock.ts";
import { type Meters, lineOf } from "../lease/linesOf.ts";
import type { SlurmJob } from "./sacct.ts";

/** Units of one meter that a job had set aside, or may have. */
export interface SlurmLine {
  readonly id: string;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly quantity: bigint;
}

/**
 * What a job is charged: its CPUs, memory and GPUs for as long as it had them, by Slurm's account.
 * Whole units, rounded down: the payer gains the rest. Lines of nothing are left out.
 */
export function linesOfJob(
  job: Pick<SlurmJob, "seconds" | "cpus" | "memoryBytes" | "gpus">,
  meters: Meters,
): SlurmLine[] {
  const { cpus, memoryBytes, gpus, seconds } = job;
  const line = (
    of: "cpu" | "memory" | "gpu",
    level: bigint,
    dimensions: Record<string, string>,
  ) => {
    const { meter } = lineOf(meters, of, { id: of, mostPerSecond: 0n, dimensions });
    const unit = MEASURES.get(meter)?.unit ?? 1n;
    const id = of === "gpu" ? `gpu/${dimensions["gpu"] ?? ""}` : of;
    return { id, meter, dimensions, quantity: (level * seconds * NS_PER_SECOND) / unit };
  };
  return [
    line("cpu", cpus, {}),
    line("memory", memoryBytes, {}),
    // Rate cards name models in capitals, and Slurm's configuration seldom does.
    ...[...gpus].map(([type, count]) => line("gpu", count, { gpu: type.toUpperCase() })),
  ].filter(({ quantity }) => quantity > 0n);
}
