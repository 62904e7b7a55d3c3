import { fork } from "node:child_process";
import { once } from "node:events";

import { z } from "zod";

import type { Done, Start } from "./requests.ts";

const DoneMessage = z.object({
  requests: z.number(),
  perSecond: z.number(),
  answers: z.record(z.string(), z.number()),
  p50: z.number(),
  p99: z.number(),
});

/** Starts clients in their own process, which works only between `start` and `stop`. */
export function startClients() {
  const child = fork(new URL("./clients.ts", import.meta.url));
  return {
    start(work: Start): void {
      child.send(work);
    },
    async stop(): Promise<Done> {
      const done = once(child, "message");
      child.send("stop");
      const [message]: unknown[] = await done;
      return DoneMessage.parse(message);
    },
    end: () => child.kill(),
  };
}

export type Clients = ReturnType<typeof startClients>;
