import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";

import { expect } from "chai";
import express, { type Express } from "express";

import { type Credits, chargeOf, createCredits } from "@compute-credits/express";
import type { Database } from "@compute-credits/platform/postgres/database";
import { eventually } from "../../scripts/local/eventually.ts";
import { postgres } from "../fixtures/databases.ts";
import { send } from "../fixtures/http.ts";
import { type Listening, startListening } from "../fixtures/listening.ts";
import { type MeteringRig, openMeteringRig } from "../fixtures/meteringRig.ts";

const units = (quantity: bigint) => ({ work: { meter: "units", quantity } });

describe("an Express application that charges", () => {
  let database: Database;
  let rig: MeteringRig;
  let service: Listening;
  /** handlers whose caller left */
  const abandoned: string[] = [];

  before(async () => {
    database = await postgres.open();
    rig = await openMeteringRig(database);
    const credits = createCredits({
      server: rig.server.url,
      key: rig.providerKey,
      onError: () => undefined,
    });
    service = await startListening(appOf(credits));
  });
  after(async () => {
    await service.stop();
    await rig.stop();
    await database.close();
  });

  function appOf(credits: Credits): Express {
    const app = express();
    app.use(express.json());
    app.post("/fixed", credits.charge({ lines: units(70n) }), (_req, res) => {
      res.json({ done: true });
    });
    app.post(
      "/measured",
      credits.charge({
        lines: (req) => units(BigInt(req.body.most)),
        measure: (req) => ({ work: BigInt(req.body.took) }),
      }),
      (_req, res) => void res.json({ done: true }),
    );
    app.post(
      "/unmeasured",
      credits.charge({
        lines: units(70n),
        measure: () => {
          throw new Error("the meter is broken");
        },
      }),
      (_req, res) => void res.json({ done: true }),
    );
    app.post("/fails", credits.charge({ lines: units(70n) }), (_req, res) => {
      res.status(500).json({ done: false });
    });
    app.post("/throws", credits.charge({ lines: units(70n) }), () => {
      throw new Error("the work failed");
    });
    app.post("/throws-late", credits.charge({ lines: units(70n) }), (_req, res) => {
      res.json({ done: true });
      throw new Error("something after the work failed");
    });
    app.post("/stream", credits.charge({ lines: units(70n) }), (_req, res) => {
      res.type("text/event-stream");
      for (let part = 0; part < 3; part++) {
        chargeOf(res).add("work", 10n);
        res.write(`data: ${part}\n\n`);
      }
      res.end();
    });
    // These three stream on until somebody ends them.
    app.post("/endless", credits.charge({ lines: units(70n) }), async (_req, res) => {
      const charge = chargeOf(res);
      charge.add("work", 30n);
      res.write("three parts");
      await once(charge.signal, "abort");
      abandoned.push("/endless");
    });
    app.post("/slow", credits.charge({ lines: units(70n) }), async (req, res) => {
      await once(chargeOf(res).signal, "abort");
      abandoned.push(req.path);
    });
    app.post("/breaks", credits.charge({ lines: units(70n) }), (_req, res) => {
      chargeOf(res).add("work", 20n);
      res.write("two parts", () => res.destroy());
    });
    app.use(((_error, _req, res, _next) => {
      res.status(500).type("text").end("failed");
    }) satisfies express.ErrorRequestHandler);
    return app;
  }

  const post = async (path: string, key: string, body?: unknown) =>
    await send(`${service.url}${path}`, { method: "POST", key, body });

  /** Opens a request and leaves the rest to the test. */
  function open(path: string, key: string, headers: Readonly<Record<string, string>> = {}) {
    const sent = request(`${service.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, ...headers },
    });
    sent.on("error", () => undefined);
    sent.end();
    return sent;
  }

  async function answerOf(sent: ReturnType<typeof open>): Promise<IncomingMessage> {
    const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
    sent.once("response", resolve);
    return await promise;
  }

  /** Waits until nothing is on hold, and returns what was charged. */
  async function chargedAtLast(account: `0x${string}`): Promise<bigint> {
    await eventually("the hold to end", async () => (await rig.spent(account)).held === 0n);
    return (await rig.spent(account)).spent;
  }

  it("tells what is left of the key's limit, not of the account", async () => {
    const { apiKey } = await rig.customer("1", { limit: 100n });
    expect((await post("/fixed", apiKey)).headers.get("credits-remaining")).to.equal("30");
    const refused = await post("/fixed", apiKey);
    expect([refused.status, refused.document["availableMicros"]]).to.deep.equal([402, "30"]);
  });

  it("charges a fixed price, and says so in the answer", async () => {
    const { account, apiKey } = await rig.customer("1");
    const answer = await post("/fixed", apiKey);
    expect(answer.status).to.equal(200);
    expect(answer.document).to.deep.equal({ done: true });
    expect(answer.headers.get("credits-cost")).to.equal("70");
    expect(answer.headers.get("credits-remaining")).to.equal("999930");
    expect(await rig.spent(account)).to.deep.equal({ spent: 70n, held: 0n });
  });

  it("charges what was measured, at most what is held", async () => {
    const { account, apiKey } = await rig.customer("1");
    const less = await post("/measured", apiKey, { most: 50, took: 12 });
    expect(less.headers.get("credits-cost")).to.equal("12");
    const more = await post("/measured", apiKey, { most: 50, took: 99 });
    expect(more.headers.get("credits-cost")).to.equal("50");
    expect(more.headers.get("credits-remaining")).to.equal("999938");
    expect(await rig.spent(account)).to.deep.equal({ spent: 62n, held: 0n });
  });

  for (const path of ["/fails", "/throws"]) {
    it(`charges nothing for an answer that is an error (${path})`, async () => {
      const { account, apiKey } = await rig.customer("1");
      const answer = await post(path, apiKey);
      expect(answer.status).to.equal(500);
      expect(answer.headers.get("credits-cost")).to.equal("0");
      expect(answer.headers.get("credits-remaining")).to.equal("1000000");
      expect(await rig.spent(account)).to.deep.equal({ spent: 0n, held: 0n });
    });
  }

  it("delivers what it charges if the handler fails after its answer", async () => {
    const { account, apiKey } = await rig.customer("1");
    const answer = await post("/throws-late", apiKey);
    expect(answer.status).to.equal(200);
    expect(answer.document).to.deep.equal({ done: true });
    expect(answer.contentType).to.match(/^application\/json/);
    expect(await rig.spent(account)).to.deep.equal({ spent: 70n, held: 0n });
  });

  it("charges nothing if measuring fails, and delivers the work", async () => {
    const { account, apiKey } = await rig.customer("1");
    expect((await post("/unmeasured", apiKey)).status).to.equal(200);
    expect(await rig.spent(account)).to.deep.equal({ spent: 0n, held: 0n });
  });

  it("charges a stream what was noted, and tells the cost in a last comment", async () => {
    const { account, apiKey } = await rig.customer("1");
    const headers = { authorization: `Bearer ${apiKey}` };
    const answer = await fetch(`${service.url}/stream`, { method: "POST", headers });
    expect(await answer.text()).to.equal(
      "data: 0\n\ndata: 1\n\ndata: 2\n\n: credits-cost 30\n\n: credits-remaining 999970\n\n",
    );
    expect(await rig.spent(account)).to.deep.equal({ spent: 30n, held: 0n });
  });

  it("tells a caller that reads trailers the cost in one", async () => {
    const { apiKey } = await rig.customer("1");
    const answer = await answerOf(open("/stream", apiKey, { te: "trailers" }));
    expect(answer.headers.trailer).to.equal("Credits-Cost, Credits-Remaining");
    answer.resume();
    await once(answer, "end");
    expect(answer.trailers).to.deep.equal({
      "credits-cost": "30",
      "credits-remaining": "999970",
    });
  });

  it("charges what was noted if the caller leaves, and tells the handler", async () => {
    const { account, apiKey } = await rig.customer("1");
    const sent = open("/endless", apiKey);
    await once(await answerOf(sent), "data");
    sent.destroy();
    expect(await chargedAtLast(account)).to.equal(30n);
    expect(abandoned).to.include("/endless");
  });

  it("charges nothing if the caller leaves before anything was delivered", async () => {
    const { account, apiKey } = await rig.customer("1");
    const sent = open("/slow", apiKey);
    await eventually("the hold", async () => (await rig.spent(account)).held === 70n);
    sent.destroy();
    expect(await chargedAtLast(account)).to.equal(0n);
    expect(abandoned).to.include("/slow");
  });

  it("charges what was noted if the handler gives up in the middle", async () => {
    const { account, apiKey } = await rig.customer("1");
    const answer = await answerOf(open("/breaks", apiKey));
    answer.resume().on("error", () => undefined);
    expect(await chargedAtLast(account)).to.equal(20n);
  });
});
