import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { posix } from "node:path";

import { z } from "zod";

import { SOURCES } from "./artifact.ts";

/** SHA-256 of each Solidity file that the committed forms were compiled from, by its path. */
export type SourceHashes = Readonly<Record<string, string>>;

const PROJECT = new URL("../../", import.meta.url);
export const SOURCES_FILE = new URL("contracts/compiled/sources.json", PROJECT);

/** Every import statement names its file in quotes: `import { A } from "…";`. */
const IMPORT = /^\s*import\b[^;"]*"([^"]+)"/gm;

/** Hashes the compiled contracts' files and all that they import. Paths are sorted. */
export async function hashSources(): Promise<SourceHashes> {
  const texts = await readSources(Object.values(SOURCES).map((file) => `contracts/${file}`));
  return Object.fromEntries(
    [...texts].map(([path, text]) => [path, createHash("sha256").update(text).digest("hex")]),
  );
}

/** Reads these files and all that they import. The result is sorted by path. */
export async function readSources(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  const waiting = [...paths];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (texts.has(path)) continue;
    // oxlint-disable-next-line no-await-in-loop -- a file's text says which files are next
    const text = await readFile(new URL(path, PROJECT), "utf8");
    texts.set(path, text);
    for (const [, imported = ""] of text.matchAll(IMPORT)) waiting.push(resolved(path, imported));
  }
  return new Map([...texts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The files that differ from those that the committed forms were compiled from. Takes milliseconds,
 * where comparing the bytes takes a build.
 */
export async function changedSources(): Promise<readonly string[]> {
  const before = z
    .record(z.string(), z.string())
    .parse(JSON.parse(await readFile(SOURCES_FILE, "utf8")));
  const now = await hashSources();
  const paths = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...paths].filter((path) => before[path] !== now[path]).toSorted();
}

function resolved(from: string, imported: string): string {
  return imported.startsWith(".")
    ? posix.join(posix.dirname(from), imported)
    : `node_modules/${imported}`;
}
