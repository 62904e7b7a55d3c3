import { UsageError } from "@compute-credits/platform/process/commandLine";
import { DEFAULT_METERS, MEASURES, type MeasureName } from "../measures.ts";
import type { Line } from "./line.ts";

/** Which meter each measure is charged by. */
export type Meters = Readonly<Record<MeasureName, string>>;

/** Takes `cpu.seconds,gpu.milliseconds` in place of the defaults. Throws a `UsageError`. */
export function metersOf(names: string): Meters {
  const meters = { ...DEFAULT_METERS };
  for (const name of names.split(",").map((part) => part.trim())) {
    if (name === "") continue;
    const measure = MEASURES.get(name);
    if (measure === undefined) {
      const known = [...MEASURES.keys()].join(", ");
      throw new UsageError(`--meters has "${name}". The agent measures ${known}.`);
    }
    meters[measure.of] = name;
  }
  return meters;
}

/** One line that charges a measure by its meter. */
export function lineOf(
  meters: Meters,
  of: MeasureName,
  { id, mostPerSecond, dimensions }: Pick<Line, "id" | "mostPerSecond" | "dimensions">,
): Line {
  const meter = meters[of];
  const measure = MEASURES.get(meter);
  if (measure === undefined) throw new Error(`no measure of ${meter}`);
  const { kind, unit } = measure;
  return { id, meter, dimensions, kind, unit, mostPerSecond };
}
