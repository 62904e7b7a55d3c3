const UNITS = [
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"],
] as const;

/** Seconds in the largest unit that divides them: "7 days", "90 minutes", "10 seconds". */
export function duration(seconds: number): string {
  const [size, unit] = UNITS.find(([each]) => seconds >= each && seconds % each === 0) ?? [
    1,
    "second",
  ];
  const format = { style: "unit", unit, unitDisplay: "long" } as const;
  return new Intl.NumberFormat(undefined, format).format(seconds / size);
}
