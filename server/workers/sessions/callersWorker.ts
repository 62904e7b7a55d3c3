import type { Callers } from "../../openCallers.ts";
import type { Worker } from "../worker.ts";

const PAUSE_MS = 60_000;

const ROWS_PER_STEP = 500;

/** Writes when keys and sessions were last used, and deletes sessions and view keys that expired. */
export function callersWorker({
  sessions,
  viewKeys,
  keyUses,
  sessionUses,
}: Pick<Callers, "sessions" | "viewKeys" | "keyUses" | "sessionUses">): Worker {
  const flush = async () => {
    await keyUses.flush();
    await sessionUses.flush();
  };
  return {
    name: "callers",
    pauseMs: PAUSE_MS,
    async step() {
      await flush();
      const deleted = [
        await sessions.deleteExpired(ROWS_PER_STEP),
        await viewKeys.deleteExpired(ROWS_PER_STEP),
      ];
      return deleted.includes(ROWS_PER_STEP) ? "more" : "done";
    },
    failure: "last uses were not written, or expired sessions not deleted; the worker tries again",
  };
}
