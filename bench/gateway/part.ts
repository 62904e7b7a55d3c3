/**
 * One process of `npm run bench:gateway`, so that what is measured does not share a thread with its
 * load: the metering server, a service, a server of models, or a proxy. Its arguments are the part
 * and what it needs. Prints what others need, as JSON, and ends with its input.
 */
import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

import express, { type RequestHandler } from "express";
import { createProxyServer } from "http-proxy-3";

import { createCredits } from "@compute-credits/express";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { MAINTENANCE_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import { migrateLedger } from "../../server/stores/migrateLedger.ts";
import { startListening } from "../../test/fixtures/listening.ts";
import { openMeteringRig } from "../../test/fixtures/meteringRig.ts";

const [part = "", ...args] = process.argv.slice(2);

const PARTS: Readonly<Record<string, (...args: string[]) => Promise<object>>> = {
  /** On a database at this address. */
  async metering(location = "") {
    const database = await openPgDatabase(location, 20, MAINTENANCE_LIMITS);
    await migrateLedger(database);
    const rig = await openMeteringRig(database);
    const { apiKey } = await rig.customer("1000000");
    return { url: rig.server.url, providerKey: rig.providerKey, apiKey };
  },

  /** Whose handlers wait so long, as for a model or a disk; charged at this metering server. */
  async service(server = "", key = "", workMs = "0") {
    const credits = createCredits({ server, key });
    const work: RequestHandler = async (_req, res) => {
      if (workMs !== "0") await delay(Number(workMs));
      res.json({ done: true });
    };
    const app = express();
    app.post("/free", work);
    const lines = { work: { meter: "units", quantity: 10n } };
    app.post("/charged", credits.charge({ lines }), work);
    return { url: (await startListening(app)).url };
  },

  /** Which streams so many chunks to each request, with so many milliseconds between two. */
  async models(chunks = "200", paceMs = "0") {
    const streams = eventsOf(Number(chunks));
    const { url } = await startListening((req, res) => {
      req.resume();
      res.writeHead(200, { "content-type": "text/event-stream" });
      void stream(res);
    });

    async function stream(res: ServerResponse): Promise<void> {
      for (const event of streams) {
        if (res.destroyed) return;
        res.write(event);
        // oxlint-disable-next-line no-await-in-loop -- that is the pace
        if (paceMs !== "0") await delay(Number(paceMs));
      }
      res.end();
    }
    return { url };
  },

  /** Which passes requests on to this address, and charges nothing. */
  async proxy(target = "") {
    const proxy = createProxyServer({ target });
    const { url } = await startListening((req, res) => {
      proxy.web(req, res);
    });
    return { url };
  },
};

function eventsOf(chunks: number): string[] {
  const head = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "m" };
  const texts = Array.from({ length: chunks }, (_, index) => {
    const choices = [{ index: 0, delta: { content: ` word${index % 10}` }, finish_reason: null }];
    return `data: ${JSON.stringify({ ...head, choices })}\n\n`;
  });
  const usage = { prompt_tokens: 20, completion_tokens: chunks, total_tokens: chunks + 20 };
  return [
    ...texts,
    `data: ${JSON.stringify({ ...head, choices: [], usage })}\n\n`,
    "data: [DONE]\n\n",
  ];
}

console.log(JSON.stringify(await PARTS[part]?.(...args)));
process.stdin.resume().once("end", () => process.exit());
