/** A process of its own that sends requests as fast as they are answered. */
import { Agent, request } from "node:http";

import { inParallel } from "./inParallel.ts";

/** What it is asked to send: each body once, so many at a time. */
export interface Load {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodies: readonly string[];
  readonly atOnce: number;
}

/** How many were answered with which status. */
export type LoadAnswer = Readonly<Record<number, number>>;

const agent = new Agent({ keepAlive: true, maxSockets: 1_000 });

process.on("message", (message: { prepare: Load } | "go") => {
  if (message === "go") void run();
  else {
    load = message.prepare;
    process.send?.("ready");
  }
});

let load: Load | undefined;

async function run(): Promise<void> {
  if (load === undefined) throw new Error("there is nothing to send");
  const { url, headers, bodies, atOnce } = load;
  const statuses: Record<number, number> = {};
  await inParallel(bodies, atOnce, async (body) => {
    const status = await post(url, headers, body);
    statuses[status] = (statuses[status] ?? 0) + 1;
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
