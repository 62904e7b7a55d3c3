import { PAIR, TEXT, repeated, required, whole } from "../frame/options.ts";

/** The most units of one event. */
export const MOST_UNITS = 2n ** 63n - 1n;

/** Work of one meter, as providers measure it. */
export const WORK = {
  meter: required(TEXT, "such as gpu.seconds"),
  quantity: required(whole(0n, MOST_UNITS), "in units of the meter"),
  dimension: repeated(PAIR, "such as gpu=H100"),
};

/** The dimensions as routes take them. */
export function dimensionsOf(
  pairs: readonly (readonly [string, string])[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs);
}
