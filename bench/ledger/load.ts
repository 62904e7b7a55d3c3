/** The load generator's process: sends requests as fast as they are answered. */
import { Agent, request } from "node:http";

import { inParallel } from "./inParallel.ts";

/** The requests to send: each sequence once, `concurrency` of them at a time. */
export interface Load {
  readonly headers: Readonly<Record<string, string>>;
  /** requests that one client sends one after the other */
  readonly sequences: readonly (readonly Sent[])[];
  readonly concurrency: number;
}

export interface Sent {
  readonly url: string;
  readonly body: string;
}

/** The number of answers by HTTP status. */
export type LoadAnswer = Readonly<Record<number, number>>;

const agent = new Agent({ keepAlive: true, maxSockets: 1_000 });

process.on("message", (message: { prepare: Load } | "start") => {
  if (message === "start") void run();
  else {
    load = message.prepare;
    process.send?.("ready");
  }
});

let load: Load | undefined;

async function run(): Promise<void> {
  if (load === undefined) throw new Error("no load was prepared");
  const { headers, sequences, concurrency } = load;
  const statuses: Record<number, number> = {};
  await inParallel(sequences, concurrency, async (sequence) => {
    for (const { url, body } of sequence) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const status = await post(url, headers, body);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  });
  process.send?.(statuses);
}

function post(url: string, headers: Load["headers"], body: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const sent = request(url, { method: "POST", agent, headers }, (answer) => {
    answer.resume();
    answer.on("end", () => resolve(answer.statusCode ?? 0));
  });
  sent.on("error", reject);
  sent.end(body);
  return promise;
}
