import type { z } from "zod";

import { READING } from "@compute-credits/api/bounds";
import { type ProblemError, fail } from "./problem.ts";

/** Parses what a client sent. Throws a 400 that lists each wrong field and what it must be. */
export function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  if (parsed.error.issues.some(({ path: [field] }) => field === "cursor")) throw invalidCursor();
  throw fail(400, "invalid_request", "Some fields of the request are wrong: see errors.", {
    errors: fieldErrors(parsed.error),
  });
}

/** The same refusal for every list, whatever its cursors are made of. */
export function invalidCursor(): ProblemError {
  return fail(
    400,
    "invalid_cursor",
    "The cursor is not a nextCursor of this list. Begin again without a cursor.",
  );
}

/** The first wrong fields, each as a JSON pointer, and what it must be. */
export function fieldErrors(error: z.ZodError): { pointer: string; detail: string }[] {
  return error.issues.slice(0, READING.errors).map(({ path, message }) => ({
    pointer: `#/${path.map(String).join("/")}`.slice(0, READING.errorText),
    detail: message.slice(0, READING.errorText),
  }));
}
