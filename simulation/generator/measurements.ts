import type { Random } from "../random.ts";

interface MeasurementKind {
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly maxQuantity: number;
}

const PRICED: readonly [MeasurementKind, ...MeasurementKind[]] = [
  { meter: "requests", dimensions: {}, maxQuantity: 20 },
  { meter: "gpu.seconds", dimensions: {}, maxQuantity: 60 },
  { meter: "gpu.seconds", dimensions: { gpu: "A100" }, maxQuantity: 60 },
  { meter: "gpu.seconds", dimensions: { gpu: "H100" }, maxQuantity: 30 },
  { meter: "gpu.seconds", dimensions: { tier: "spot", gpu: "H100" }, maxQuantity: 60 },
  { meter: "llm.tokens", dimensions: { model: "small" }, maxQuantity: 2_000 },
  { meter: "storage.gib_hours", dimensions: { tier: "gold" }, maxQuantity: 200 },
  { meter: "health.checks", dimensions: {}, maxQuantity: 5 },
  { meter: "network.gib", dimensions: {}, maxQuantity: 80 },
  { meter: "cpu.seconds", dimensions: {}, maxQuantity: 150 },
];
const UNPRICED: readonly [MeasurementKind, ...MeasurementKind[]] = [
  { meter: "storage.gib_hours", dimensions: {}, maxQuantity: 200 },
  { meter: "weather", dimensions: {}, maxQuantity: 5 },
];

export interface Measurement {
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly quantity: bigint;
}

export function randomMeasurement(random: Random): Measurement {
  const { maxQuantity, ...kind } = random.chance(2) ? random.pick(UNPRICED) : random.pick(PRICED);
  return { ...kind, quantity: BigInt(random.between(0, maxQuantity)) };
}

/** Measures a rate whose price soon changes, so that a quote matters. */
export function randomMovingMeasurement(random: Random): Measurement {
  const meter = random.pick(["network.gib", "cpu.seconds", "requests"]);
  return { meter, dimensions: {}, quantity: BigInt(random.between(1, 150)) };
}
