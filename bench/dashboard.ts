/** `npm run bench:dashboard`: how much JavaScript each page of the dashboard loads. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { z } from "zod";

import { buildDashboard } from "../scripts/dashboard/buildDashboard.ts";
import { printRatio } from "./ratio.ts";

/** React, wagmi, viem and Query alone, with gzip: what such a page cannot do without. */
const BASE_KIB = 151;

const Manifest = z.record(
  z.string(),
  z.object({
    file: z.string(),
    imports: z.array(z.string()).default([]),
    dynamicImports: z.array(z.string()).default([]),
  }),
);

const { folder } = await buildDashboard("production");
const text = await readFile(join(folder, "manifest.json"), "utf8");
const manifest = Manifest.parse(JSON.parse(text));

/** A chunk and all that it imports before it runs. */
function chunksOf(name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  for (const each of manifest[name]?.imports ?? []) chunksOf(each, found);
  return found;
}

async function kibOf(names: Iterable<string>): Promise<number> {
  let bytes = 0;
  for (const name of names) {
    const file = manifest[name]?.file ?? "";
    if (!file.endsWith(".js")) continue;
    // oxlint-disable-next-line no-await-in-loop -- a few files
    bytes += gzipSync(await readFile(join(folder, file))).length;
  }
  return bytes / 1_024;
}

const first = chunksOf("index.html");
const firstKib = await kibOf(first);
console.log(`/: ${firstKib.toFixed(1)} KiB of JavaScript with gzip`);
for (const route of manifest["index.html"]?.dynamicImports ?? []) {
  const more = [...chunksOf(route)].filter((name) => !first.has(name));
  // oxlint-disable-next-line no-await-in-loop -- in order
  console.log(`${route}: ${(await kibOf(more)).toFixed(1)} KiB more`);
}
printRatio("bundle", BASE_KIB / firstKib, 0.65);
