import { once } from "node:events";
import { type Server, createServer } from "node:http";

import { expect } from "chai";
import express from "express";
import { pino } from "pino";

import { problemHandler } from "../../../server/http/errors.ts";
import { createPublicShare } from "../../../server/http/publicShare.ts";
import { publicTurns } from "../../../server/http/publicTurns.ts";

const open: Server[] = [];

/** A server whose routes answer when the test says so, on a clock that the test moves. */
async function serveTurns(waiting = 100) {
  let time = 0;
  const timers: { at: number; run: () => void }[] = [];
  const started: { path: string; answer: () => void }[] = [];
  const begun = new Map<string, PromiseWithResolvers<void>>();
  const entryOf = (path: string) => {
    const known = begun.get(path) ?? Promise.withResolvers<void>();
    begun.set(path, known);
    return known;
  };
  const app = express();
  app.use(
    publicTurns({
      ...createPublicShare({ percent: 25, waiting }, () => time),
      isProvider: (req) => req.path.startsWith("/provider"),
      isAuditor: (req) => req.path.startsWith("/auditor"),
      // The tests connect from here.
      isTrustedProxy: (address) => address.endsWith("127.0.0.1"),
      now: () => time,
      after: (ms, run) => void timers.push({ at: time + ms, run }),
    }),
  );
  app.use((req, res) => {
    started.push({ path: req.path, answer: () => res.json({}) });
    entryOf(req.path).resolve();
  });
  app.use(problemHandler(pino({ level: "silent" })));
  const http = createServer(app).listen(0, "127.0.0.1");
  await once(http, "listening");
  const address = http.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  open.push(http);
  return {
    get: (path: string, from = "198.51.100.1") =>
      fetch(`http://127.0.0.1:${address.port}${path}`, { headers: { "x-forwarded-for": from } }),
    /** Resolves when the request has its turn. */
    begins: (path: string) => entryOf(path).promise,
    paths: () => started.map(({ path }) => path),
    async answer(path: string): Promise<void> {
      await entryOf(path).promise;
      started.find((one) => one.path === path)?.answer();
    },
    pass(ms: number): void {
      time += ms;
      for (const timer of timers.splice(0)) {
        if (timer.at <= time) timer.run();
        else timers.push(timer);
      }
    },
  };
}

/** Resolves when the server has seen what was sent before. */
async function seen(server: Awaited<ReturnType<typeof serveTurns>>): Promise<void> {
  const path = `/provider/${server.paths().length}`;
  const answer = server.get(path);
  await server.answer(path);
  await answer;
}

describe("publicTurns", () => {
  afterEach(() => {
    for (const http of open.splice(0)) {
      http.close();
      http.closeAllConnections();
    }
  });

  it("lets requests without a provider's key work one at a time, and providers at once", async () => {
    const server = await serveTurns();
    const first = server.get("/a");
    await server.begins("/a");
    const second = server.get("/b");
    const provider = server.get("/provider");
    await server.answer("/provider");
    expect((await provider).status).to.equal(200);
    expect(server.paths()).to.not.include("/b");
    await server.answer("/a");
    expect((await first).status).to.equal(200);
    server.pass(0);
    // A provider has just reported, and the first took no time on this clock.
    await server.answer("/b");
    expect((await second).status).to.equal(200);
  });

  it("rests three times as long as it worked while providers report", async () => {
    const server = await serveTurns();
    const provider = server.get("/provider");
    await server.answer("/provider");
    await provider;
    const first = server.get("/a");
    await server.begins("/a");
    server.pass(10);
    await server.answer("/a");
    await first;
    const second = server.get("/b");
    // Another provider's answer shows that the server has seen what was sent before it.
    const again = server.get("/provider/again");
    await server.answer("/provider/again");
    await again;
    server.pass(29);
    expect(server.paths()).to.not.include("/b");
    server.pass(1);
    await server.answer("/b");
    expect((await second).status).to.equal(200);
  });

  it("rests no more when no provider reports", async () => {
    const server = await serveTurns();
    const first = server.get("/a");
    await server.begins("/a");
    server.pass(10);
    await server.answer("/a");
    await first;
    const second = server.get("/b");
    await server.answer("/b");
    expect((await second).status).to.equal(200);
  });

  it("refuses at once what neither works nor may wait", async () => {
    const server = await serveTurns(1);
    const first = server.get("/a");
    await server.begins("/a");
    const [second, third] = [server.get("/b"), server.get("/c")];
    const refused = await Promise.race([second, third]);
    expect(refused.status).to.equal(503);
    expect(refused.headers.get("retry-after")).to.equal("1");
    expect(await refused.json()).to.include({ reason: "too_many_public_requests" });
    await server.answer("/a");
    expect((await first).status).to.equal(200);
    // Whichever of them waits is cut off when the server closes.
    void Promise.allSettled([second, third]);
  });

  it("lets the clients of a trusted proxy take turns, whatever they say of themselves", async () => {
    const server = await serveTurns();
    const busy = server.get("/busy");
    await server.begins("/busy");
    const greedy = ["/1", "/2", "/3"].map((path, n) =>
      server.get(path, `203.0.113.${n}, 198.51.100.1`),
    );
    await seen(server);
    const other = server.get("/other", "198.51.100.2");
    await seen(server);
    for (const path of ["/busy", "/1", "/other", "/2", "/3"]) {
      // oxlint-disable-next-line no-await-in-loop -- one turn after the other
      await server.answer(path);
    }
    await Promise.all([busy, ...greedy, other]);
    expect(server.paths().filter((path) => !path.startsWith("/provider"))).to.deep.equal([
      "/busy",
      "/1",
      "/other",
      "/2",
      "/3",
    ]);
  });

  it("lets an auditor pass, who makes others rest no longer", async () => {
    const server = await serveTurns();
    const first = server.get("/a");
    await server.begins("/a");
    const auditor = server.get("/auditor");
    await server.answer("/auditor");
    expect((await auditor).status).to.equal(200);
    server.pass(10);
    await server.answer("/a");
    await first;
    const second = server.get("/b");
    // No provider reported, so no time has to pass.
    await server.answer("/b");
    expect((await second).status).to.equal(200);
  });

  it("goes on after a request that takes longer than a turn", async () => {
    const server = await serveTurns();
    const first = server.get("/slow");
    await server.begins("/slow");
    const second = server.get("/b");
    server.pass(50);
    await server.answer("/b");
    expect((await second).status).to.equal(200);
    await server.answer("/slow");
    expect((await first).status).to.equal(200);
  });
});
