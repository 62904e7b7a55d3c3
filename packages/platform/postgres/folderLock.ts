import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { ConfigError } from "../process/environment.ts";
import { hasCode } from "../process/errorCode.ts";
import { makeFolderSync } from "../process/makeFolder.ts";

/** Thrown if another process uses the folder. Two processes would corrupt its data. */
export class FolderInUse extends Error {
  override readonly name = "FolderInUse";
}

/** The lock files that this process holds. */
const ours = new Set<string>();

/**
 * Locks a folder for this process and returns a function that unlocks it. Takes over a lock that a
 * killed process left behind. Throws `FolderInUse` if a running process holds it, and a
 * `ConfigError` if the folder cannot be made or written to.
 */
export function lockFolder(folder: string): () => void {
  try {
    makeFolderSync(folder);
  } catch (cause) {
    throw unusableFolder(folder, cause);
  }
  const file = join(resolve(folder), "in-use-by.pid");

  for (;;) {
    try {
      writeFileSync(file, `${process.pid}`, { flag: "wx" });
      ours.add(file);
      return () => {
        ours.delete(file);
        rmSync(file, { force: true });
      };
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw unusableFolder(folder, error);
    }
    const owner = Number(readFileSync(file, "utf8"));
    // In a container, a restarted process has the same id as the one before it.
    const isStale = owner === process.pid ? !ours.has(file) : !isRunning(owner);
    if (!isStale) {
      throw new FolderInUse(
        `${folder} is in use by process ${owner}: stop it first, or choose another folder`,
      );
    }
    rmSync(file, { force: true });
  }
}

function unusableFolder(folder: string, cause: unknown): ConfigError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ConfigError(`${folder} cannot hold the data (${reason}): choose another folder`, {
    cause,
  });
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process runs as another user.
    return hasCode(error, "EPERM");
  }
}
