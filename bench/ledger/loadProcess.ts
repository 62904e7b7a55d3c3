import { fork } from "node:child_process";
import { once } from "node:events";

import type { Load, LoadAnswer } from "./load.ts";

/** Clients in a process of their own: the same for whatever they are sent to. */
export function startLoadProcess() {
  const child = fork(new URL("./load.ts", import.meta.url));

  return {
    /** Hands over what is to be sent; what it returns sends it and checks the answers. */
    async prepare(load: Load, expectedStatus: number): Promise<() => Promise<void>> {
      const ready = once(child, "message");
      child.send({ prepare: load });
      await ready;
      return async () => {
        const answered = once(child, "message");
        child.send("go");
        const [statuses]: LoadAnswer[] = await answered;
        if (statuses?.[expectedStatus] !== load.bodies.length) {
          throw new Error(`the clients were answered with ${JSON.stringify(statuses)}`);
        }
      };
    },
    stop: () => child.kill(),
  };
}

export type LoadProcess = ReturnType<typeof startLoadProcess>;
