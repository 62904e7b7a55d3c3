import { constants } from "node:fs";
import { open, rm } from "node:fs/promises";

import { UsageError } from "@compute-credits/platform/process/commandLine";
import { hasCode } from "@compute-credits/platform/process/errorCode";

/** Longer than any key or token. */
const MOST_BYTES = 4_096;

/** What anyone but the owner may do with a file. */
const OTHERS = 0o077;

/**
 * Reads a key from a file, without the line's end. Refuses a file that its group or others may use,
 * and one that is not a plain file. The same open file is checked and read.
 */
export async function readSecretFile(option: string, path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(
    (cause: unknown) => {
      throw new UsageError(`${option} ${path} cannot be read (${codeOf(cause)}).`, { cause });
    },
  );
  try {
    const found = await file.stat();
    if (!found.isFile() || found.size > MOST_BYTES) {
      throw new UsageError(`${option} ${path} is not a file of one key.`);
    }
    const mode = found.mode & 0o777;
    if ((mode & OTHERS) !== 0) {
      throw new UsageError(
        `${option} ${path} may be used by others (mode ${mode.toString(8)}). Run: chmod 600 ${path}`,
      );
    }
    const text = (await file.readFile("utf8")).trim();
    if (/^\S+$/.test(text)) return text;
    throw new UsageError(`${option} ${path} does not hold one key, on one line.`);
  } finally {
    await file.close();
  }
}

/** A new file that only its owner may use, for a key that is yet to come. */
export interface ReservedFile {
  /** Writes the key and flushes it. */
  readonly keep: (key: string) => Promise<void>;
  /** Takes the file away if no key was kept in it. */
  readonly close: () => Promise<void>;
}

/** Makes the file before the key is asked for, so that no key is lost. Never overwrites. */
export async function reserveSecretFile(option: string, path: string): Promise<ReservedFile> {
  const file = await open(path, "wx", 0o600).catch((cause: unknown) => {
    throw new UsageError(
      hasCode(cause, "EEXIST")
        ? `${option} ${path} exists already. Name a new file: no key is overwritten.`
        : `${option} ${path} cannot be written (${codeOf(cause)}).`,
      { cause },
    );
  });
  let isKept = false;
  return {
    async keep(key) {
      await file.writeFile(`${key}\n`);
      await file.sync();
      isKept = true;
    },
    async close() {
      await file.close();
      if (!isKept) await rm(path);
    },
  };
}

/**
 * Writes a new key to a new file that only its owner may use, and flushes it. Never overwrites.
 * Returns what takes it away again if the key is refused for sure.
 */
export async function writeSecretFile(
  option: string,
  path: string,
  text: string,
): Promise<() => Promise<void>> {
  const file = await reserveSecretFile(option, path);
  try {
    await file.keep(text);
  } finally {
    await file.close();
  }
  return () => rm(path);
}

/** Such as `ENOENT`. */
function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}
