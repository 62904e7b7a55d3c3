import { open } from "node:fs/promises";

import type { z } from "zod";

import { UsageError } from "@compute-credits/platform/process/commandLine";

/** More than any server takes in a request. */
const MOST_BYTES = 64 * 1_024 * 1_024;

/** Reads a file of JSON. Throws a `UsageError` that names the first field that is wrong. */
export async function readJsonFile<Schema extends z.ZodType>(
  option: string,
  path: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  const parsed = schema.safeParse(await read(option, path));
  if (parsed.success) return parsed.data;
  const [{ path: at, message } = { path: [], message: "is none that fits" }] = parsed.error.issues;
  throw new UsageError(`${option} ${path}: ${at.length === 0 ? "it" : at.join(".")} ${message}.`);
}

async function read(option: string, path: string): Promise<unknown> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > MOST_BYTES) throw new UsageError(`${option} ${path} is larger than 64 MiB.`);
      return JSON.parse(await file.readFile("utf8"));
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    const isJson = cause instanceof SyntaxError;
    throw new UsageError(`${option} ${path} ${isJson ? "is not JSON" : "cannot be read"}.`, {
      cause,
    });
  }
}
