import { open, readFile, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";

import type { Hex } from "viem";

import { CreditsError } from "@compute-credits/client";
import { makeFolder } from "@compute-credits/platform/process/makeFolder";

/** The keys that one folder keeps. */
const MOST_KEYS = 1_000;

/** A new key in a file that only this user may read. */
export interface KeyFile {
  readonly path: string;
  /** Takes the file away again, if the key is refused for sure. */
  remove(): Promise<void>;
}

/**
 * Writes a new key to a file of its own, named by its hash, with mode 0600, and flushes it. Rejects
 * with a `CreditsError` if the folder is full or cannot be written.
 */
export async function writeKeyFile(folder: string, spender: Hex, key: string): Promise<KeyFile> {
  const path = pathOf(folder, spender);
  try {
    await makeFolder(folder);
    await refuseIfFull(folder);
    const file = await open(path, "wx", 0o600);
    try {
      await file.writeFile(`${key}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof CreditsError) throw cause;
    throw new CreditsError("The new key's file cannot be written.", {
      reason: "key_file_failed",
      next: "Let the user check KEY_FOLDER of the MCP server.",
      cause,
    });
  }
  return { path, remove: () => rm(path, { force: true }) };
}

/** Reads a key that `writeKeyFile` wrote. Rejects with a `CreditsError` if there is none. */
export async function readKeyFile(folder: string, spender: Hex): Promise<string> {
  try {
    return (await readFile(pathOf(folder, spender), "utf8")).trim();
  } catch (cause) {
    throw new CreditsError("This MCP server has no key with that spender id.", {
      reason: "key_file_not_found",
      next: "Take the `spender` that create_key answered, or leave it out for the agent's own key.",
      cause,
    });
  }
}

/** A spender's id is 32 bytes in hex, so that the path stays in the folder. */
function pathOf(folder: string, spender: Hex): string {
  return resolve(join(folder, `${spender.toLowerCase().slice(2)}.key`));
}

async function refuseIfFull(folder: string): Promise<void> {
  const found = await readdir(folder);
  if (found.length < MOST_KEYS) return;
  throw new CreditsError(`The folder of new keys has ${MOST_KEYS} files, and takes no more.`, {
    reason: "too_many_keys",
    next: "Let the user remove keys that are no longer used from KEY_FOLDER.",
  });
}
