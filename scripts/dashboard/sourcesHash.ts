import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { hasCode } from "@compute-credits/platform/process/errorCode";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/** All that a build depends on: its sources, the packages that they use, and how it is built. */
const SOURCES = [
  "dashboard",
  "packages/protocol",
  "packages/api",
  "packages/client",
  "scripts/dashboard",
  "package-lock.json",
];

const IGNORED = new Set(["dist", "node_modules", "README.md"]);

/** SHA-256 of the dashboard's sources, by name and content. About a megabyte is read. */
export async function sourcesHash(): Promise<string> {
  const files = (await Promise.all(SOURCES.map((path) => filesAt(join(PROJECT, path))))).flat();
  const hash = createHash("sha256");
  for (const file of files.toSorted()) {
    // oxlint-disable-next-line no-await-in-loop -- in order
    const content = await readFile(file);
    hash.update(`${relative(PROJECT, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

async function filesAt(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    if (hasCode(error, "ENOTDIR")) return null;
    throw error;
  });
  if (entries === null) return [path];
  const kept = entries.filter(({ name }) => !IGNORED.has(name));
  return (await Promise.all(kept.map(({ name }) => filesAt(join(path, name))))).flat();
}
