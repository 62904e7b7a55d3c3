import { z } from "zod";

/** One environment variable, as docs/settings.md lists it. */
export interface Setting {
  readonly name: string;
  readonly meaning: string;
  readonly isRequired: boolean;
  /** the value when the variable is unset; `null` if it has none */
  readonly fallback: string | null;
  /** the accepted values; `null` if any text of the right form is accepted */
  readonly bounds: string | null;
}

/** Reads meaning, default and bounds of each variable from its schema. */
export function settingsOf(shape: Readonly<Record<string, z.ZodType>>): readonly Setting[] {
  return Object.entries(shape).map(([name, schema]) => {
    const unset = schema.safeParse(undefined);
    return {
      name,
      meaning: meaningOf(name, schema),
      isRequired: !unset.success,
      fallback: unset.success ? textOf(unset.data) : null,
      bounds: boundsOf(schema),
    };
  });
}

/** Lists the variables of several schemas for a command's help, one per line. */
export function settingsHelp(
  shapes: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>>,
): string {
  const settings = Object.values(shapes).flatMap((shape) => settingsOf(shape));
  const width = Math.max(...settings.map(({ name }) => name.length));
  return settings
    .map(({ name, meaning, fallback }) =>
      [`  ${name.padEnd(width)}`, meaning, ...(fallback === null ? [] : [`(${fallback})`])].join(
        " ",
      ),
    )
    .join("\n");
}

/** Throws if a setting has no description: then its row in the docs would be empty. */
function meaningOf(name: string, schema: z.ZodType): string {
  if (schema.description === undefined) throw new Error(`the setting ${name} has no description`);
  return schema.description;
}

function textOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint") return `${value}`;
  return null;
}

/** Looks for `meta({ bounds })` inside wrappers like `.default()`, which do not inherit it. */
function boundsOf(schema: z.core.$ZodType): string | null {
  const bounds = z.globalRegistry.get(schema)?.["bounds"];
  if (typeof bounds === "string") return bounds;
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) {
    return boundsOf(schema.unwrap());
  }
  if (schema instanceof z.ZodPipe) return boundsOf(schema.in);
  return null;
}
