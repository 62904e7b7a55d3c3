import { once } from "node:events";
import { createServer } from "node:http";

import express from "express";

import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import { USAGE_EVENT_TYPE } from "@compute-credits/api/usage/cloudEvent";
import { serveLedger } from "../../test/fixtures/ledgerServer.ts";
import { type Figure, pairedSpeed } from "../ratio.ts";
import { inParallel } from "./inParallel.ts";
import type { LoadProcess } from "./loadProcess.ts";
import { BATCH, CALLERS, type Rig } from "./rig.ts";
import { PROVIDER, randomBatches } from "./parties.ts";

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
        return clients.prepare({ url, headers, bodies, concurrency: CALLERS }, 200);
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
      () => clients.prepare({ url: ledger.url, headers, bodies: singleBodies(), concurrency }, 201),
      () => clients.prepare({ url: echo.url, headers, bodies: singleBodies(), concurrency }, 200),
      { rounds: 7, operations: SINGLES },
    );
  } finally {
    await ledger.stop();
    await echo.stop();
  }
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

async function serve({ ledger, usage }: Rig) {
  const server = await serveLedger({ ...ledger, usage });
  const key = await server.keyOf(PROVIDER);
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
  return { url: `${server.url}/v1/usage`, headers, stop: () => server.stop() };
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
