/** The process of clients: does its work from `start` to `stop`, then says what it did. */
import { randomUUID } from "node:crypto";
import { Agent, request as httpRequest } from "node:http";
import { type Socket, connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

import { type Done, HALF_OPEN, type Request, type Start, type Work } from "./requests.ts";

/** A client that a server keeps waiting gives up, so that a phase ends. */
const GIVE_UP_MS = 20_000;

let running: ReturnType<typeof work> | undefined;

process.on("message", (message: Start | "stop") => {
  if (message === "stop") void report();
  else running = work(message);
});

async function report(): Promise<void> {
  process.send?.(await running?.stop());
}

function work({ url, from, work: todo, leadMs }: Start) {
  const stopping = new AbortController();
  const agent = new Agent({ keepAlive: true, maxSockets: 1_000, localAddress: from });
  const startedAt = performance.now();
  const latencies: number[] = [];
  const answers: Record<string, number> = {};
  const sockets = new Set<Socket>();
  const clients = Array.from({ length: todo.clients }, (_, n) => client(n));

  async function client(n: number): Promise<void> {
    for (let turn = 0; !stopping.signal.aborted; turn++) {
      const dueAt = dueOf(todo, { turn, client: n });
      // oxlint-disable-next-line no-await-in-loop -- a client sends one after the other
      await delay(Math.max(0, startedAt + dueAt - performance.now()), undefined, {
        signal: stopping.signal,
      }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      const sentAt = performance.now();
      // oxlint-disable-next-line no-await-in-loop -- as above
      const answer = await act(turn * todo.clients + n);
      answers[answer] = (answers[answer] ?? 0) + 1;
      const now = performance.now();
      const isCounted = now > startedAt + leadMs && !stopping.signal.aborted;
      if (isCounted) latencies.push(now - sentAt);
    }
  }

  async function act(turn: number): Promise<string> {
    if (todo.kind === "half_open") return await openHalf();
    const next = todo.requests[turn % todo.requests.length];
    if (next === undefined) throw new Error("the clients have no requests to send");
    return await send(url, agent, next);
  }

  async function openHalf(): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), localAddress: from });
    sockets.add(socket);
    socket.on("error", () => resolve(HALF_OPEN.closed));
    socket.on("close", () => {
      sockets.delete(socket);
      resolve(HALF_OPEN.closed);
    });
    socket.on("connect", () => {
      socket.write(`POST /v1/usage HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 9000\r\n\r\n[`);
      setTimeout(() => resolve(HALF_OPEN.stays), 5);
    });
    return await promise;
  }

  return {
    async stop(): Promise<Done> {
      const seconds = (performance.now() - startedAt - leadMs) / 1_000;
      const counted = latencies.toSorted((a, b) => a - b);
      const requests = counted.length;
      stopping.abort();
      // What is under way ends, so that the server does not work on it in the next phase.
      await Promise.all(clients);
      agent.destroy();
      for (const socket of sockets) socket.destroy();
      const quantile = (part: number) => counted[Math.floor(part * (counted.length - 1))] ?? 0;
      const [p50, p99] = [quantile(0.5), quantile(0.99)];
      return { requests, perSecond: requests / seconds, answers, p50, p99 };
    },
  };
}

/** Milliseconds after the start at which a client takes its turn; 0 without a rate. */
function dueOf(todo: Work, { turn, client }: { turn: number; client: number }): number {
  if (todo.perSecond === null) return 0;
  return ((turn + client / todo.clients) * todo.clients * 1_000) / todo.perSecond;
}

/** Resolves with the answer's status, and with the reason if it is a refusal. */
async function send(
  url: string,
  agent: Agent,
  { method, path, ...sent }: Request,
): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const request = httpRequest(
    new URL(path, url),
    { method, agent, headers: sent.headers ?? {}, timeout: GIVE_UP_MS },
    (answer) => {
      const { statusCode = 0 } = answer;
      const isRefusal = statusCode >= 400;
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => {
        if (isRefusal) chunks.push(chunk);
      });
      answer.on("end", () => {
        const [, reason] = /"reason":"([^"]+)"/.exec(Buffer.concat(chunks).toString()) ?? [];
        resolve(reason === undefined ? `${statusCode}` : `${statusCode} ${reason}`);
      });
      answer.on("error", () => resolve("cut"));
    },
  );
  request.on("timeout", () => request.destroy());
  request.on("error", ({ message }) => resolve(`failed: ${message}`));
  if (sent.bytes === undefined) request.end(sent.body?.replaceAll("{id}", randomUUID()));
  else request.end(Buffer.from(sent.bytes, "base64"));
  return await promise;
}
