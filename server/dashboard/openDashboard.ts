import { readdir } from "node:fs/promises";
import { extname, join } from "node:path";

import { hasCode } from "@compute-credits/platform/process/errorCode";
import type { DashboardConfig } from "../config.ts";
import { compressedFile } from "../http/compressedFile.ts";
import { contentPolicy } from "./contentPolicy.ts";

/** One file of the built dashboard, compressed with gzip. */
export interface DashboardFile {
  readonly contentType: string;
  readonly content: () => Promise<Buffer>;
}

/** The built dashboard, as the server hands it out. */
export interface Dashboard {
  readonly page: DashboardFile;
  /** by their paths, such as `/assets/main-4f2a.js`; each name has a hash of its content */
  readonly assets: ReadonlyMap<string, DashboardFile>;
  readonly contentPolicy: string;
  /** endpoints of the chain that the browser may ask itself */
  readonly rpcUrls: readonly string[];
  /** origins of pages that may frame it */
  readonly frames: readonly string[];
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Lists what `npm run dashboard` built; `null` if it has not run. Files are read when asked for. */
export async function openDashboard({
  folder,
  rpcUrls,
  frames,
}: DashboardConfig): Promise<Dashboard | null> {
  const names = await namesIn(join(folder, "assets"));
  const isBuilt = (await namesIn(folder)).includes("index.html");
  if (!isBuilt) return null;
  const assets = new Map<string, DashboardFile>();
  for (const name of names) {
    const contentType = CONTENT_TYPES[extname(name)];
    if (contentType === undefined) continue;
    const content = compressedFile(join(folder, "assets", name));
    assets.set(`/assets/${name}`, { contentType, content });
  }
  return {
    page: {
      contentType: "text/html; charset=utf-8",
      content: compressedFile(join(folder, "index.html")),
    },
    assets,
    contentPolicy: contentPolicy({ rpcUrls, frames }),
    rpcUrls,
    frames,
  };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  });
}
