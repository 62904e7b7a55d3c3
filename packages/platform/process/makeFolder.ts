import { mkdirSync, statSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder and those above it. Rejects with the system's error if that can't be.
 *
 * Node's `recursive` option never ends where a parent is there and refuses new folders with ENOENT,
 * as `/proc` does: it makes the parent again and again.
 */
export async function makeFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  for (const path of pathsTo(folder)) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- each is in the one before
      await mkdir(path);
    } catch (error) {
      // Another process may have made it meanwhile, and the root refuses with more than EEXIST.
      // oxlint-disable-next-line no-await-in-loop
      if (!(await isFolder(path))) throw error;
    }
  }
}

/** The same, for programs that are still starting. */
export function makeFolderSync(folder: string): void {
  if (isFolderSync(folder)) return;
  for (const path of pathsTo(folder)) {
    try {
      mkdirSync(path);
    } catch (error) {
      if (!isFolderSync(path)) throw error;
    }
  }
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function isFolderSync(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** The folder and all above it, the topmost first. */
function pathsTo(folder: string): readonly string[] {
  const path = resolve(folder);
  const above = dirname(path);
  return above === path ? [path] : [...pathsTo(above), path];
}
