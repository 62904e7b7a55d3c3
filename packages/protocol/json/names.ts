import { z } from "zod";

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

/** Every event is stored with its dimensions, so their number is bounded. */
const MAX_DIMENSIONS = 16;

/** What a rate or a usage event says about the work besides its meter, such as the GPU's model. */
export const Dimensions = z
  // A record's parser leaves out this name without an error.
  .custom<unknown>((all) => !isNamingProto(all), "must not have the name __proto__")
  // Documents want a form of each schema.
  .meta({ type: "object" })
  .pipe(z.record(DimensionName, DimensionValue))
  .refine((all) => Object.keys(all).length <= MAX_DIMENSIONS, `must be at most ${MAX_DIMENSIONS}`);

function isNamingProto(all: unknown): boolean {
  return typeof all === "object" && all !== null && Object.hasOwn(all, "__proto__");
}
