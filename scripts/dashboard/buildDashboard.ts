import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { sourcesHash } from "./sourcesHash.ts";

/** `local` has the test wallets of the local chain; `production` has none. */
export type DashboardKind = "local" | "production";

const SOURCES = fileURLToPath(new URL("../../dashboard", import.meta.url));

/** Of the sources that a build was made of; beside it, because a server hands out what is in it. */
const HASH_FILE = "sources.sha256";

/** The folder that a build of this kind lies in. */
export function dashboardFolder(kind: DashboardKind): string {
  return join(SOURCES, "dist", kind);
}

/**
 * Builds the dashboard, unless its sources are those of the last build. The folder changes as a
 * whole: a failed build leaves the last one, and two builds at once do not mix.
 */
export async function buildDashboard(
  kind: DashboardKind,
): Promise<{ readonly folder: string; readonly isNew: boolean }> {
  const folder = dashboardFolder(kind);
  const hash = await sourcesHash();
  if ((await hashOf(folder)) === hash) return { folder, isNew: false };
  const made = `${folder}.${process.pid}`;
  try {
    await bundle(kind, made);
    await writeFile(join(made, HASH_FILE), hash);
    await rm(folder, { recursive: true, force: true });
    await mkdir(join(SOURCES, "dist"), { recursive: true });
    await rename(made, folder);
  } catch (error) {
    // Another process built the same at the same time.
    if ((await hashOf(folder)) !== hash) throw error;
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  return { folder, isNew: true };
}

async function hashOf(folder: string): Promise<string | null> {
  return await readFile(join(folder, HASH_FILE), "utf8").catch(() => null);
}

async function bundle(kind: DashboardKind, outDir: string): Promise<void> {
  // Loaded only to build: it takes a second.
  const { build } = await import("vite");
  await build({
    configFile: false,
    root: SOURCES,
    mode: "production",
    // Warnings are of libraries: of directives for servers that render React.
    logLevel: "error",
    worker: { format: "es" },
    define: { HAS_TEST_WALLETS: `${kind === "local"}` },
    build: {
      outDir,
      emptyOutDir: true,
      // The page may load nothing inline.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      chunkSizeWarningLimit: 1_000,
      manifest: "manifest.json",
    },
  });
}
