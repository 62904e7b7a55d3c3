import { NS_PER_SECOND } from "./clock.ts";

/**
 * How a meter of a rate card is measured. A counter's amount is what it grew by; a level's amount is
 * the level times how long it lasted, so its base unit is one byte (or one device) for a nanosecond.
 */
export interface Measure {
  readonly of: MeasureName;
  readonly kind: "counter" | "level";
  /** base units of one unit of the meter */
  readonly unit: bigint;
}

export const MEASURE_NAMES = ["cpu", "memory", "gpu", "disk", "network"] as const;

export type MeasureName = (typeof MEASURE_NAMES)[number];

const GIB = 1_073_741_824n;

/** By meter. CPU counters are in nanoseconds, network counters and levels of memory in bytes. */
export const MEASURES: ReadonlyMap<string, Measure> = new Map<string, Measure>([
  ["cpu.milliseconds", { of: "cpu", kind: "counter", unit: 1_000_000n }],
  ["cpu.seconds", { of: "cpu", kind: "counter", unit: NS_PER_SECOND }],
  ["memory.gib_seconds", { of: "memory", kind: "level", unit: GIB * NS_PER_SECOND }],
  ["gpu.seconds", { of: "gpu", kind: "level", unit: NS_PER_SECOND }],
  ["gpu.milliseconds", { of: "gpu", kind: "level", unit: 1_000_000n }],
  ["storage.gib_hours", { of: "disk", kind: "level", unit: GIB * 3_600n * NS_PER_SECOND }],
  ["network.bytes", { of: "network", kind: "counter", unit: 1n }],
  ["network.gib", { of: "network", kind: "counter", unit: GIB }],
]);

/** The meter of each measure, unless `--meters` names another. */
export const DEFAULT_METERS: Readonly<Record<MeasureName, string>> = {
  cpu: "cpu.milliseconds",
  memory: "memory.gib_seconds",
  gpu: "gpu.seconds",
  disk: "storage.gib_hours",
  network: "network.bytes",
};
