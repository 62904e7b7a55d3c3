import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { hasCode } from "@compute-credits/platform/process/errorCode";
import { jsonText } from "@compute-credits/protocol/jsonText";

import { Workload } from "../journal/entries.ts";

const FILE = "watched.json";

const Watched = z.object({
  clock: z.string(),
  /** nanoseconds of that clock: when the workload is told to end */
  endsAtNs: z.string().regex(/^\d+$/).transform(BigInt),
  graceSeconds: z.number(),
  workload: Workload,
  /** Docker's socket, for a container */
  dockerSocket: z.string(),
});

/** What a watchdog ends, and when. The agent moves the time on whenever its hold reaches further. */
export type Watched = Readonly<z.output<typeof Watched>>;

/** Tells the watchdog. Whole or not at all: it reads the old file until the new one is there. */
export async function writeWatched(folder: string, watched: Watched): Promise<void> {
  const path = join(folder, FILE);
  const part = await open(`${path}.part`, "w", 0o600);
  await part.writeFile(jsonText(watched));
  await part.close();
  await rename(`${path}.part`, path);
}

/** `null` if there is none. Rejects if it is damaged. */
export async function readWatched(folder: string): Promise<Watched | null> {
  try {
    return Watched.parse(JSON.parse(await readFile(join(folder, FILE), "utf8")));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
}

/** The path, for the agent to remove once there is nothing left to watch. */
export function watchedFile(folder: string): string {
  return join(folder, FILE);
}
