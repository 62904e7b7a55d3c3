import { z } from "zod";

/** Names that rates and usage events have in common. */

export const MeterName = z
  .string()
  .regex(
    /^[a-z][a-z0-9_.]{0,63}$/,
    "must be a meter's name like gpu.seconds, at most 64 characters",
  );

const DimensionName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,31}$/, "must be a name like gpu or tier, at most 32 characters");

const DimensionValue = z
  .string()
  .regex(/^[\x20-\x7e]{1,64}$/, "must be 1 to 64 printable ASCII characters");

/** More dimensions than any rate needs; each is stored with every event. */
const MAX_DIMENSIONS = 16;

export const Dimensions = z
  .record(DimensionName, DimensionValue)
  .refine((all) => Object.keys(all).length <= MAX_DIMENSIONS, `must be at most ${MAX_DIMENSIONS}`);
