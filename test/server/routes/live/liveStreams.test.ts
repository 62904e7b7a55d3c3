import { expect } from "chai";
import type { Hex } from "viem";

import { createApiKey, createViewKey } from "@compute-credits/client/wallet/apiKey";
import type { Database } from "@compute-credits/platform/postgres/database";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { createLiveHub } from "../../../../server/http/live/liveHub.ts";
import { createLiveFeed } from "../../../../server/stores/live/postgresLiveFeed.ts";
import { bothDatabases } from "../../../fixtures/databases.ts";
import { type ReadFrame, type StreamRequest, readEvents } from "../../../fixtures/eventStream.ts";
import { expectProblem } from "../../../fixtures/http.ts";
import { type Ledger, openLedger, party } from "../../../fixtures/ledger.ts";
import { type LedgerServer, OPERATOR, serveLedger } from "../../../fixtures/ledgerServer.ts";
import { openSession } from "../../../fixtures/openSession.ts";

const isEvent =
  (event: string, fields: object = {}) =>
  (frame: ReadFrame): boolean =>
    frame.event === event &&
    Object.entries(fields).every(([name, value]) => frame.data?.[name] === value);

const idsOf = (frames: readonly ReadFrame[], event = "debit") =>
  frames.filter((frame) => frame.event === event).map(({ data }) => data?.["eventId"]);

for (const kind of bothDatabases) {
  describe(`Live streams on ${kind.name}`, () => {
    const [payer, provider, stranger] = [party(1), party(2), party(3)];
    const apiKey = createApiKey();
    const spender = apiKeySpender(apiKey);
    let database: Database;
    let ledger: Ledger;
    let server: LedgerServer;
    let providerKey: string;
    let events = 0;

    before(async () => {
      database = await kind.open();
      ledger = await openLedger(database);
      server = await serveLedger(ledger);
      await ledger.purchase(payer, "100");
      await ledger.allow(payer, { spender });
      await ledger.grantAccess(spender, provider);
      providerKey = await server.keyOf(provider);
    });

    after(async () => {
      await server.stop();
      await database.close();
    });

    const urlOf = (role: string, id: string, query = "") =>
      `${server.url}/v1/${role}s/${id}/events${query}`;

    /** The payer's stream, with a session of its own. */
    async function watchPayer(query = "", request: StreamRequest = {}) {
      const key = await server.sessionOf(payer);
      return await readEvents(urlOf("account", payer, query), { key, ...request });
    }

    async function debit(quantity = 1n): Promise<string> {
      const id = `event ${events++}`;
      const usage = { provider, id, spender, meter: "units", quantity, dimensions: {} };
      const [outcome] = await ledger.usage.record([{ ...usage, occurredAt: new Date() }]);
      expect(outcome?.result).to.equal("debited");
      return id;
    }

    async function hold(id: string, ttlSeconds = 60): Promise<void> {
      const request = { provider, id, spender, meter: "units", quantity: 10n, dimensions: {} };
      const outcome = await ledger.holds.authorize({ ...request, ttlSeconds });
      expect(outcome.result).to.equal("held");
    }

    it("tells an account its balance, then each debit, and the states that it led to", async () => {
      const stream = await watchPayer();
      const first = await stream.until(isEvent("balance"));
      expect(first.data).to.include({ account: payer, purchasedMicros: "100000000" });
      expect(stream.headers.get("content-type")).to.equal("text/event-stream");
      expect(stream.headers.get("x-accel-buffering")).to.equal("no");
      expect(stream.headers.get("cache-control")).to.include("no-transform");

      const eventId = await debit(7n);
      const told = await stream.until(isEvent("debit", { eventId }));
      expect(told.data).to.include({ account: payer, provider, spender, amountMicros: "7" });
      const spentMicros = `${BigInt(String(first.data?.["spentMicros"])) + 7n}`;
      await stream.until(isEvent("budget", { usedMicros: spentMicros }));
      await stream.until(isEvent("balance", { spentMicros }));
      await stream.close();
    });

    it("tells account, provider and spender of a hold, its capture and a void", async () => {
      const streams = await Promise.all([
        watchPayer(),
        readEvents(urlOf("provider", provider), { key: providerKey }),
        readEvents(urlOf("spender", spender), { key: apiKey }),
      ]);
      await Promise.all(streams.map((stream) => stream.until(({ id }) => id !== "")));
      const id = `hold ${events++}`;
      await hold(id);
      for (const stream of streams) {
        await stream.until(isEvent("hold", { holdId: id, status: "open", heldMicros: "10" }));
      }
      const eventId = `event ${events++}`;
      await ledger.holds.capture({ provider, id, eventId, quantity: 4n, final: true });
      await ledger.usage.void({ provider, id: eventId });
      for (const stream of streams) {
        await stream.until(isEvent("debit", { eventId, holdId: id, amountMicros: "4" }));
        await stream.until(isEvent("hold", { holdId: id, status: "captured", heldMicros: "0" }));
        await stream.until(isEvent("void", { eventId, amountMicros: "4" }));
        await stream.close();
      }
    });

    it("tells only the kinds that were asked for", async () => {
      const stream = await watchPayer("?kinds=void,balance");
      await stream.until(isEvent("balance"));
      await ledger.usage.void({ provider, id: await debit() });
      await stream.until(isEvent("void"));
      const told = stream.frames.flatMap(({ event }) => (event === null ? [] : [event]));
      expect(new Set(told)).to.deep.equal(new Set(["balance", "void"]));
      await stream.close();
      const answer = await server.request(`/v1/accounts/${payer}/events?kinds=nothing`, {
        key: await server.sessionOf(payer),
      });
      expectProblem(answer, 400, "invalid_request");
    });

    it("tells a refund as it is requested, due and paid", async () => {
      const account = party(50);
      const stream = await readEvents(urlOf("account", account, "?kinds=refund,balance"), {
        key: await server.sessionOf(account),
      });
      await stream.until(isEvent("balance", { purchasedMicros: "0" }));
      await ledger.purchase(account, "5");
      await stream.until(isEvent("balance", { purchasedMicros: "5000000" }));
      const amounts = { requestedMicros: 2n, unspentMicros: 5_000_000n, refundedMicros: 0n };
      await ledger.chainEvents({ type: "refund_requested", account, ...amounts });
      await stream.until(isEvent("refund", { status: "requested", refundingMicros: "2" }));
      await ledger.checkpoints.cut(1_000n);
      await stream.until(isEvent("refund", { status: "due", refundedMicros: "2" }));
      const row = { epoch: 1n, spent: 0n, refunded: 2n, earned: 0n };
      await ledger.chainEvents({ type: "row_settled", party: account, ...row });
      const paid = await stream.until(isEvent("refund", { status: "paid", paidMicros: "2" }));

      // Another server is told what was sent, and does not repeat it.
      await stream.close();
      const again = await readEvents(urlOf("account", account, "?kinds=refund,balance"), {
        key: await server.sessionOf(account),
        lastEventId: stream.lastId(),
      });
      await again.until(({ id }) => id !== "");
      expect(again.frames.filter(({ event }) => event !== null)).to.deep.equal([]);
      expect(paid.id).to.not.equal("");
      await again.close();
    });

    it("goes on after the last event: none is missing and none comes twice", async () => {
      const stream = await readEvents(urlOf("provider", provider, "?kinds=debit"), {
        key: providerKey,
      });
      await stream.until(({ id }) => id !== "");
      const expected = [await debit(), await debit(), await debit()];
      await stream.until(isEvent("debit", { eventId: expected[2] }));
      const second = stream.frames.find(isEvent("debit", { eventId: expected[1] }));
      await stream.close();
      expected.push(await debit());
      const resumed = await readEvents(urlOf("provider", provider, "?kinds=debit"), {
        key: providerKey,
        lastEventId: second?.id ?? "",
      });
      expected.push(await debit());
      await resumed.until(isEvent("debit", { eventId: expected[4] }));
      expect(idsOf(resumed.frames)).to.deep.equal(expected.slice(2));
      await resumed.close();
    });

    it("refuses an id that no such stream sends", async () => {
      const key = await server.sessionOf(payer);
      for (const id of ["1", "c~1~final", "-~~0~~~", "9".repeat(5_000), "1-0~~0~~~~"]) {
        const headers = { "last-event-id": id };
        const answer = await server.request(`/v1/accounts/${payer}/events`, { key, headers });
        expectProblem(answer, 400, "invalid_event_id");
      }
      const headers = { "last-event-id": "1-0~~0~~~" };
      const answer = await server.request("/v1/checkpoints/events", { headers });
      expectProblem(answer, 400, "invalid_event_id");
    });

    it("resets a stream whose id is of another database, and goes on from now", async () => {
      const ahead = (10n ** 12n).toString(36);
      const stream = await watchPayer("", { lastEventId: `${ahead}-0~~0~~~` });
      await stream.until(isEvent("reset", { reason: "unknown_position" }));
      await stream.until(isEvent("balance"));
      const eventId = await debit();
      await stream.until(isEvent("debit", { eventId }));
      await stream.close();
    });

    it("resets a stream after too much has happened", async () => {
      const small = await serveLedger(
        ledger,
        {},
        {
          live: createLiveHub(createLiveFeed(database, database), { pauseMs: 20, missedEvents: 2 }),
        },
      );
      const url = `${small.url}/v1/providers/${provider}/events?kinds=debit`;
      const key = providerKey;
      const stream = await readEvents(url, { key });
      await stream.until(({ id }) => id !== "");
      await stream.close();
      const lastEventId = stream.lastId();
      await debit();
      await debit();
      const inTime = await readEvents(url, { key, lastEventId });
      await inTime.until(({ event }) => event === "debit");
      await inTime.close();
      await debit();
      const late = await readEvents(url, { key, lastEventId });
      await late.until(isEvent("reset", { reason: "too_old" }));
      const eventId = await debit();
      await late.until(({ event }) => event === "debit");
      expect(idsOf(late.frames)).to.deep.equal([eventId]);
      await late.close();
      await small.stop();
    });

    it("refuses each stream to everyone but its party, operators and auditors", async () => {
      const other = createViewKey();
      const expiresAt = new Date(Date.now() + 3_600_000);
      await server.callers.viewKeys.add({
        account: stranger,
        keyHash: apiKeySpender(other),
        expiresAt,
      });
      const keys = [await server.sessionOf(stranger), other, createApiKey()];
      for (const [role, id] of [
        ["account", payer],
        ["provider", provider],
        ["spender", spender],
      ] as const) {
        const path = `/v1/${role}s/${id}/events`;
        expectProblem(await server.request(path), 401, "missing_credentials");
        for (const key of keys) {
          expectProblem(await server.request(path, { key }), 403, "not_permitted");
        }
        const allowed = await readEvents(urlOf(role, id), {
          key: await server.sessionOf(OPERATOR),
        });
        expect(allowed.status).to.equal(200);
        await allowed.close();
      }
      const path = `/v1/accounts/${payer}/events`;
      expectProblem(await server.request(path, { key: providerKey }), 403, "not_permitted");
      expectProblem(await server.request(path, { key: apiKey }), 403, "not_permitted");
    });

    it("refuses a foreign page with a session's cookie", async () => {
      const cookie = `ccs=${await server.sessionOf(payer)}`;
      const path = `/v1/accounts/${payer}/events`;
      for (const headers of [
        { origin: "https://evil.example" },
        { "sec-fetch-site": "cross-site" },
      ]) {
        const answer = await server.request(path, { headers: { cookie, ...headers } });
        expectProblem(answer, 403, "foreign_origin");
      }
      const own = await readEvents(urlOf("account", payer), {
        headers: { cookie, "sec-fetch-site": "same-origin" },
      });
      await own.until(isEvent("balance"));
      await own.close();
    });

    it("ends a stream when its session or key is revoked, before anything later is told", async () => {
      const viewKey = createViewKey();
      const keyHash = apiKeySpender(viewKey);
      const expiresAt = new Date(Date.now() + 3_600_000);
      await server.callers.viewKeys.add({ account: payer, keyHash, expiresAt });
      const ownKey = await server.keyOf(provider);
      const ends: { key: string; url: string; end: () => Promise<unknown> }[] = [
        {
          key: await server.sessionOf(payer),
          url: urlOf("account", payer),
          end: () => server.callers.sessions.revokeAll(payer),
        },
        {
          key: viewKey,
          url: urlOf("account", payer),
          end: () => server.callers.viewKeys.end({ account: payer, keyHash, inSeconds: 0 }),
        },
        {
          key: ownKey,
          url: urlOf("provider", provider),
          end: () => ledger.providers.revokeKey({ provider, keyHash: apiKeySpender(ownKey) }),
        },
      ];
      for (const { key, url, end } of ends) {
        const stream = await readEvents(url, { key });
        await stream.until(({ id }) => id !== "");
        await end();
        const eventId = await debit();
        await stream.until(isEvent("closing", { reason: "credentials_ended" }));
        await stream.ended;
        expect(idsOf(stream.frames)).to.not.include(eventId);
      }
    });

    it("ends a stream when its session expires", async () => {
      const soon = new Date(Date.now() + 1_500);
      const key = await openSession(server.callers.sessions, payer, soon);
      const stream = await readEvents(urlOf("account", payer), { key });
      await stream.until(isEvent("closing", { reason: "credentials_ended" }));
      await stream.ended;
      expect(Date.now()).to.be.at.least(soon.getTime());
    });

    it("bounds the streams of a caller, and counts closed ones no more", async () => {
      const key = await server.sessionOf(payer);
      const open = await Promise.all(
        Array.from({ length: 20 }, () => readEvents(urlOf("account", payer), { key })),
      );
      const path = `/v1/accounts/${payer}/events`;
      expectProblem(await server.request(path, { key }), 429, "too_many_streams");
      const another = await watchPayer();
      expect(another.status).to.equal(200);
      await another.close();
      await Promise.all(open.map((stream) => stream.close()));
      for (;;) {
        const again = await readEvents(urlOf("account", payer), { key });
        await again.close();
        if (again.status === 200) break;
      }
    });

    it("tells anyone each state of a checkpoint, and goes on after one", async () => {
      const url = `${server.url}/v1/checkpoints/events`;
      await debit();
      const cut = await ledger.checkpoints.cut(1_000n);
      const latest = cut ?? (await ledger.checkpoints.latest());
      if (latest === null) throw new Error("no checkpoint");
      const { epoch, root } = latest.message;
      const stream = await readEvents(url);
      const statusOf = (status: string) => (frame: ReadFrame) =>
        isEvent("checkpoint", { status })(frame) && hasRoot(frame, root);
      await stream.until(statusOf("prepared"));
      await ledger.chainEvents({ type: "checkpoint_submitted", epoch, root, finalAt: new Date() });
      const pending = await stream.until(
        (frame) => statusOf("pending")(frame) || statusOf("final")(frame),
      );
      await ledger.chainEvents();
      await stream.until(statusOf("final"));
      await stream.close();
      const withWrongKey = await readEvents(url, { headers: { authorization: "Bearer ccs_none" } });
      expect(withWrongKey.status).to.equal(200);
      await withWrongKey.close();
      const resumed = await readEvents(url, {
        lastEventId: `c~${pending.id.split("~")[1]}~prepared`,
      });
      await resumed.until(statusOf("final"));
      await resumed.close();
    });

    it("tells that it stops, and when to come again", async () => {
      const stopping = await serveLedger(ledger);
      const stream = await readEvents(`${stopping.url}/v1/providers/${provider}/events`, {
        key: providerKey,
      });
      await stream.until(({ id }) => id !== "");
      await stopping.stop();
      await stream.until(isEvent("closing", { reason: "stopping" }));
      await stream.ended;
    });
  });
}

function hasRoot({ data }: ReadFrame, root: Hex): boolean {
  const checkpoint = data?.["checkpoint"];
  return (
    typeof checkpoint === "object" &&
    checkpoint !== null &&
    "root" in checkpoint &&
    checkpoint.root === root
  );
}
