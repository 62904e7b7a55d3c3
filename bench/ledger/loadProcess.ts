import { fork } from "node:child_process";
import { once } from "node:events";

import type { Load, LoadAnswer } from "./load.ts";

/**
 * Starts the load generator in its own process, so that every server under test faces the same
 * clients.
 */
export function startLoadProcess() {
  const child = fork(new URL("./load.ts", import.meta.url));

  return {
    /** Sends the load to the process. The returned function runs it and checks the statuses. */
    async prepare(load: Load, expectedStatus: number): Promise<() => Promise<void>> {
      const ready = once(child, "message");
      child.send({ prepare: load });
      await ready;
      return async () => {
        const answered = once(child, "message");
        child.send("start");
        const [statuses]: LoadAnswer[] = await answered;
        if (statuses?.[expectedStatus] !== load.sequences.flat().length) {
          throw new Error(`unexpected answers by status: ${JSON.stringify(statuses)}`);
        }
      };
    },
    stop: () => child.kill(),
  };
}

export type LoadProcess = ReturnType<typeof startLoadProcess>;
