import { once } from "node:events";
import { createServer } from "node:http";

import express from "express";

import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import { USAGE_EVENT_TYPE } from "@compute-credits/api/usage/cloudEvent";
import { serveLedger } from "../../test/fixtures/ledgerServer.ts";
import { type Figure, pairedSpeed } from "../ratio.ts";
import { inParallel } from "./inParallel.ts";
import type { Load, Sent } from "./load.ts";
import type { LoadProcess } from "./loadProcess.ts";
import { BATCH, CALLERS, type Rig } from "./rig.ts";
import { PROVIDER, eventOf, randomBatches } from "./parties.ts";
import { CONCURRENCY } from "./singles.ts";

const BATCHES = 16;
const SINGLES = 6_000;

/** Batches as JSON over HTTP ÷ the same batches by direct calls of the ledger. */
export async function httpBatchVsLedger(rig: Rig, clients: LoadProcess): Promise<Figure> {
  const { url, headers, stop } = await serve(rig);
  try {
    return await pairedSpeed(
      () => {
        const bodies = randomBatches(BATCHES, BATCH).map((batch) =>
          JSON.stringify(batch.map(cloudEvent)),
        );
        return clients.prepare(loadOf({ url, headers }, bodies, CALLERS), 200);
      },
      () => {
        const batches = randomBatches(BATCHES, BATCH);
        return () => inParallel(batches, CALLERS, (batch) => rig.usage.record(batch));
      },
      { rounds: 7, operations: BATCHES * BATCH },
    );
  } finally {
    await stop();
  }
}

/**
 * One event per request, `concurrency` at once ÷ an Express server that parses and echoes the same
 * body.
 */
export async function httpSingleVsBareExpress(
  rig: Rig,
  clients: LoadProcess,
  concurrency: number,
): Promise<Figure> {
  const ledger = await serve(rig);
  const echo = await serveEcho();
  const { headers } = ledger;
  try {
    return await pairedSpeed(
      () => clients.prepare(loadOf(ledger, singleBodies(), concurrency), 201),
      () => clients.prepare(loadOf({ ...echo, headers }, singleBodies(), concurrency), 200),
      { rounds: 7, operations: SINGLES },
    );
  } finally {
    await ledger.stop();
    await echo.stop();
  }
}

const PAIRS = 3_000;

/**
 * Holds that are captured in full ÷ single usage events, both one request each, by 256 clients:
 * pairs per second ÷ events per second.
 */
export async function httpHoldCaptureVsUsage(
  rig: Rig,
  clients: LoadProcess,
  accounts: "spread" | "hot",
): Promise<Figure> {
  const server = await serve(rig);
  const { headers } = server;
  const events = (count: number) =>
    accounts === "spread"
      ? randomBatches(count, 1).flat()
      : Array.from({ length: count }, () => eventOf(HOT_ACCOUNT, new Date()));
  try {
    return await pairedSpeed(
      () => {
        const sequences = events(PAIRS).map((event) => pairOf(server.origin, event));
        return clients.prepare({ headers, sequences, concurrency: CONCURRENCY }, 201);
      },
      () => {
        const bodies = events(SINGLES).map((event) => JSON.stringify(cloudEvent(event)));
        return clients.prepare(loadOf(server, bodies, CONCURRENCY), 201);
      },
      { rounds: 7, operations: PAIRS, operationsOfB: SINGLES },
    );
  } finally {
    await server.stop();
  }
}

const HOT_ACCOUNT = 79;

/** A hold, and its capture in full. */
function pairOf(origin: string, { id, spender, meter, quantity, dimensions }: UsageEvent): Sent[] {
  const units = `${quantity}`;
  return [
    {
      url: `${origin}/v1/holds`,
      body: JSON.stringify({ id, spender, meter, quantity: units, dimensions, ttlSeconds: 3_600 }),
    },
    {
      url: `${origin}/v1/holds/${id}/captures`,
      body: JSON.stringify({ eventId: id, quantity: units, final: true }),
    },
  ];
}

function loadOf(
  { url, headers }: Pick<Load, "headers"> & { readonly url: string },
  bodies: readonly string[],
  concurrency: number,
): Load {
  return { headers, sequences: bodies.map((body) => [{ url, body }]), concurrency };
}

function singleBodies(): string[] {
  return randomBatches(1, SINGLES).flatMap((events) =>
    events.map((event) => JSON.stringify(cloudEvent(event))),
  );
}

function cloudEvent({
  provider,
  id,
  spender,
  occurredAt,
  meter,
  quantity,
  dimensions,
}: UsageEvent) {
  return {
    specversion: "1.0",
    type: USAGE_EVENT_TYPE,
    source: provider,
    id,
    subject: spender,
    time: occurredAt.toISOString(),
    data: { meter, quantity: `${quantity}`, dimensions },
  };
}

async function serve({ ledger, usage, holds }: Rig) {
  const server = await serveLedger({ ...ledger, usage, holds });
  const key = await server.keyOf(PROVIDER);
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
  return { origin: server.url, url: `${server.url}/v1/usage`, headers, stop: () => server.stop() };
}

async function serveEcho() {
  const app = express();
  app.use(express.json());
  app.post("/", (req, res) => {
    res.json(req.body);
  });
  const http = createServer(app).listen(0, "127.0.0.1");
  await once(http, "listening");
  const address = http.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    async stop() {
      http.close();
      http.closeAllConnections();
      await once(http, "close");
    },
  };
}
