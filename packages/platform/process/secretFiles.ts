import { readFileSync } from "node:fs";

import { ConfigError } from "./environment.ts";

/** A file with more holds no key. */
const MOST_BYTES = 4_096;

/**
 * Reads each secret whose variable with `_FILE` names a file, in which `ps` and logs do not show it.
 * Throws a `ConfigError` if a file cannot be read, or both variables are set.
 */
export function withSecretFiles(
  env: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): Record<string, string | undefined> {
  const read = { ...env };
  for (const name of names) {
    const path = env[`${name}_FILE`];
    if (path === undefined) continue;
    if (env[name] !== undefined) {
      throw new ConfigError(`set one of ${name} and ${name}_FILE`);
    }
    read[name] = secretIn(`${name}_FILE`, path);
  }
  return read;
}

function secretIn(variable: string, path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new ConfigError(`${variable} ${path} cannot be read: check the path`, { cause });
  }
  if (text.length > MOST_BYTES) throw new ConfigError(`${variable} ${path} is no file of one key`);
  return text.trim();
}
