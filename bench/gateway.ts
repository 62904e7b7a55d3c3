/**
 * `npm run bench:gateway`: what charging costs. Each part has a process of its own, and both sides of
 * a ratio run in one run, by turns:
 * - an Express service with and without the middleware, 64 requests at once, whose handler waits
 *   200 ms, as for a model; and whose handler does nothing (reported);
 * - streams of 200 chunks through the gateway, and through a bare proxy (http-proxy-3), 64 at once,
 *   from a server that sends a chunk every 20 ms, as a model does; and one that sends them at once
 *   (reported).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { Agent, request } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { createDatabase } from "../scripts/local/postgresServer.ts";
import { inParallel } from "./ledger/inParallel.ts";
import { findPostgres } from "./ledger/rig.ts";
import { median, pairedSpeed, printFigure } from "./ratio.ts";

const AT_ONCE = 64;
const ROUNDS = 5;
const REQUESTS = 1_280;
const STREAMS = 128;
const CHUNKS = 200;
const PACE_MS = 20;
const WORK_MS = 200;

/** New for each run: a server closes connections that wait for the other side's turn. */
let agent = new Agent();
const parts: ChildProcess[] = [];

const postgres = await findPostgres(256);
try {
  const metering = await start("bench/gateway/part.ts", [
    "metering",
    await createDatabase(postgres),
  ]);
  const { url: server = "", providerKey = "", apiKey = "" } = metering;

  for (const workMs of [WORK_MS, 0]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { url } = await startPart("service", server, providerKey, `${workMs}`);
    const requests = (path: string) =>
      atOnce(REQUESTS, async () => {
        await post(`${url}${path}`, apiKey, "");
      });
    // oxlint-disable-next-line no-await-in-loop
    const figure = await pairedSpeed(requests("/charged"), requests("/free"), {
      rounds: ROUNDS,
      operations: REQUESTS,
    });
    const name = `middleware_vs_bare_express${workMs === 0 ? "_without_work" : ""}`;
    printFigure(name, figure, workMs === 0 ? "reported" : 0.5);
  }

  for (const paceMs of [PACE_MS, 0]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { url: upstream = "" } = await startPart("models", `${CHUNKS}`, `${paceMs}`);
    // oxlint-disable-next-line no-await-in-loop
    const [proxy, gateway] = await Promise.all([
      startPart("proxy", upstream),
      start("gateway/main.ts", ["--upstream", upstream, "--port", "0"], {
        METERING_URL: server,
        PROVIDER_KEY: providerKey,
      }),
    ]);
    const body = JSON.stringify({
      model: "m",
      stream: true,
      messages: [{ role: "user", content: "Tell me a story of two hundred words." }],
    });
    const firstBytes: Record<"gateway" | "proxy", number[]> = { gateway: [], proxy: [] };
    const streams = (of: "gateway" | "proxy", url = "") =>
      atOnce(STREAMS, async () => {
        firstBytes[of].push(await post(`${url}/v1/chat/completions`, apiKey, body));
      });
    // oxlint-disable-next-line no-await-in-loop
    const figure = await pairedSpeed(
      streams("gateway", gateway["url"]),
      streams("proxy", proxy["url"]),
      {
        rounds: ROUNDS,
        operations: STREAMS,
      },
    );
    const name = `gateway_vs_bare_proxy${paceMs === 0 ? "_without_pace" : ""}`;
    printFigure(name, figure, paceMs === 0 ? "reported" : 0.8);
    for (const [of, values] of Object.entries(firstBytes)) {
      const [middle, late] = [median(values), percentile(values, 0.99)];
      console.log(`first byte, ${of}: median ${middle.toFixed(1)} ms, p99 ${late.toFixed(1)} ms`);
    }
  }
} finally {
  agent.destroy();
  for (const part of parts) part.kill();
  await postgres.stop();
}

/** Does the work so often, on new connections. */
function atOnce(times: number, work: () => Promise<void>) {
  return () => {
    agent.destroy();
    agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
    return async () => await inParallel(Array.from({ length: times }), AT_ONCE, work);
  };
}

async function startPart(...args: string[]): Promise<Record<string, string>> {
  return await start("bench/gateway/part.ts", args);
}

/** Starts a program that prints a line of JSON once it is ready. */
async function start(
  file: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Record<string, string>> {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  const part = spawn(process.execPath, [path, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...environment },
  });
  parts.push(part);
  for await (const line of createInterface({ input: part.stdout })) {
    const told: Record<string, string> = JSON.parse(line);
    return told;
  }
  throw new Error(`${file} ended`);
}

/** Sends a request and reads its answer. Returns the milliseconds until the first byte of the body. */
async function post(url: string, key: string, body: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const sentAt = performance.now();
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const sent = request(url, { method: "POST", agent, headers }, (response) => {
    if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}`));
    let first = 0;
    response.on("data", () => {
      if (first === 0) first = performance.now() - sentAt;
    });
    response.once("end", () => resolve(first));
    response.once("error", reject);
  });
  sent.once("error", reject);
  sent.end(body);
  return await promise;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
