import { expect } from "chai";
import { Hono } from "hono";

import { type WebCredits, createWebCredits } from "@compute-credits/express/fetch";
import { chargeOf, createHonoCredits } from "@compute-credits/express/hono";
import type { Database } from "@compute-credits/platform/postgres/database";
import { postgres } from "../fixtures/databases.ts";
import { type MeteringRig, openMeteringRig } from "../fixtures/meteringRig.ts";

const lines = { work: { meter: "units", quantity: 70n } };

describe("a web handler that charges", () => {
  let database: Database;
  let rig: MeteringRig;
  let options: { server: string; key: string; onError: () => void };
  let credits: WebCredits;

  before(async () => {
    database = await postgres.open();
    rig = await openMeteringRig(database);
    options = { server: rig.server.url, key: rig.providerKey, onError: () => undefined };
    credits = createWebCredits(options);
  });
  after(async () => {
    await rig.stop();
    await database.close();
  });

  it("charges a fixed price, and says so in the answer", async () => {
    const { account, apiKey } = await rig.customer("1");
    const answer = await credits.serve(requestOf(apiKey), { lines }, () =>
      Response.json({ done: true }),
    );
    expect(await answer.json()).to.deep.equal({ done: true });
    expect(answer.headers.get("credits-cost")).to.equal("70");
    expect(answer.headers.get("credits-remaining")).to.equal("999930");
    expect(await rig.spent(account)).to.deep.equal({ spent: 70n, held: 0n });
  });

  it("measures by what the request says, whose body the handler reads too", async () => {
    const { account, apiKey } = await rig.customer("1");
    const request = requestOf(apiKey, { body: "twelve bytes" });
    const counted = {
      lines: async (asked: Request) => ({
        work: { meter: "units", quantity: BigInt((await asked.text()).length) },
      }),
    };
    const answer = await credits.serve(request, counted, async (asked) => {
      return new Response(await asked.text());
    });
    expect(await answer.text()).to.equal("twelve bytes");
    expect(await rig.spent(account)).to.deep.equal({ spent: 12n, held: 0n });
  });

  it("does not run for a request that cannot be paid", async () => {
    const { apiKey } = await rig.customer("0.000001");
    let ran = false;
    const answer = await credits.serve(requestOf(apiKey), { lines }, () => {
      ran = true;
      return new Response();
    });
    expect(answer.status).to.equal(402);
    expect(answer.headers.get("content-type")).to.equal("application/problem+json");
    expect(ran).to.equal(false);
  });

  it("charges nothing if it answers with an error, or throws", async () => {
    const { account, apiKey } = await rig.customer("1");
    await credits.serve(requestOf(apiKey), { lines }, () => new Response(null, { status: 500 }));
    const thrown = await credits
      .serve(requestOf(apiKey), { lines }, () => Promise.reject(new Error("it failed")))
      .catch((error: unknown) => String(error));
    expect(thrown).to.equal("Error: it failed");
    expect(await rig.spent(account)).to.deep.equal({ spent: 0n, held: 0n });
  });

  it("charges a stream what was noted, and tells the cost in a last comment", async () => {
    const { account, apiKey } = await rig.customer("1");
    const answer = await credits.serve(requestOf(apiKey), { lines }, (_request, charge) =>
      events(3, () => charge.add("work", 10n)),
    );
    expect(await answer.text()).to.equal(
      "data: 0\n\ndata: 1\n\ndata: 2\n\n: credits-cost 30\n\n: credits-remaining 999970\n\n",
    );
    expect(await rig.spent(account)).to.deep.equal({ spent: 30n, held: 0n });
  });

  it("charges what was read if the reader gives up, and reads nothing ahead", async () => {
    const { account, apiKey } = await rig.customer("1");
    const answer = await credits.serve(requestOf(apiKey), { lines }, (_request, charge) =>
      events(Infinity, () => charge.add("work", 10n)),
    );
    const reader = answer.body?.getReader();
    await reader?.read();
    await reader?.read();
    await reader?.cancel();
    await credits.settled();
    expect(await rig.spent(account)).to.deep.equal({ spent: 20n, held: 0n });
  });

  it("charges nothing if the caller left before the answer", async () => {
    const { account, apiKey } = await rig.customer("1");
    const caller = new AbortController();
    const request = requestOf(apiKey, { signal: caller.signal });
    await credits.serve(request, { lines }, () => {
      caller.abort();
      return Response.json({ done: true });
    });
    expect(await rig.spent(account)).to.deep.equal({ spent: 0n, held: 0n });
  });

  it("is a middleware in Hono", async () => {
    const { account, apiKey } = await rig.customer("1");
    const charging = createHonoCredits(options);
    const app = new Hono();
    app.onError((_error, context) => context.body(null, 500));
    app.post("/work", charging.charge({ lines }), (context) => {
      chargeOf(context).add("work", 5n);
      return context.json({ done: true });
    });
    app.post("/breaks", charging.charge({ lines }), () => {
      throw new Error("it failed");
    });
    const headers = { authorization: `Bearer ${apiKey}` };
    const answer = await app.request("/work", { method: "POST", headers });
    expect(answer.status).to.equal(200);
    expect(await answer.json()).to.deep.equal({ done: true });
    expect(answer.headers.get("credits-cost")).to.equal("5");
    expect((await app.request("/work", { method: "POST" })).status).to.equal(401);
    expect((await app.request("/breaks", { method: "POST", headers })).status).to.equal(500);
    expect(await rig.spent(account)).to.deep.equal({ spent: 5n, held: 0n });
  });
});

/** Sends events one at a time, as they are asked for. */
function events(count: number, noted: () => void): Response {
  let sent = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (sent === count) return controller.close();
        noted();
        controller.enqueue(new TextEncoder().encode(`data: ${sent++}\n\n`));
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

function requestOf(key: string, parts: RequestInit = {}): Request {
  const headers = { authorization: `Bearer ${key}` };
  return new Request("http://service.example/work", { method: "POST", ...parts, headers });
}
