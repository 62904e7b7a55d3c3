import { z } from "zod";

/** Names that rates and usage events have in common. */

export const MeterName = z
  .string()
  .regex(
    /^[a-z][a-z0-9_.]{0,63}$/,
    "must be a meter's name like gpu.seconds, at most 64 characters",
  );

export const DimensionName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,31}$/, "must be a name like gpu or tier, at most 32 characters");

export const DimensionValue = z
  .string()
  .regex(/^[\x20-\x7e]{1,64}$/, "must be 1 to 64 printable ASCII characters");
