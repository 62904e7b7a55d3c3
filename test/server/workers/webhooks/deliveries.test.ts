import { expect } from "chai";
import { pino } from "pino";

import { createGuardedPost } from "@compute-credits/platform/process/guardedPost";
import type { DeliveryStore } from "../../../../server/stores/webhooks/deliveryStore.ts";
import { createDeliveryStore } from "../../../../server/stores/webhooks/postgresDeliveryStore.ts";
import { createWebhookStore } from "../../../../server/stores/webhooks/postgresWebhookStore.ts";
import { createSecretSealer } from "../../../../server/stores/webhooks/sealedSecrets.ts";
import { startWorkers } from "../../../../server/workers/startWorkers.ts";
import { SENDING, deliveryWorker } from "../../../../server/workers/webhooks/deliveryWorker.ts";
import { WorkerHealth } from "@compute-credits/platform/process/health";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger, party } from "../../../fixtures/ledger.ts";
import {
  type Receiver,
  WEBHOOK_KEY,
  addWebhook,
  ofAccount,
  sealer,
  startReceiver,
} from "../../../fixtures/webhooks.ts";

const account = party(1);
const log = pino({ level: "silent" });

for (const { name, open } of databaseKinds) {
  describe(`deliveries of webhooks on ${name}`, () => {
    let ledger: Ledger;
    let deliveries: DeliveryStore;
    const opened: { stop(): Promise<void> }[] = [];

    before(async () => {
      ledger = await openLedger(await open());
      deliveries = createDeliveryStore(ledger.database);
      await ledger.purchase(account, "1");
    });
    beforeEach(async () => {
      await ledger.database.query("delete from webhook_endpoints");
      await ledger.database.query("delete from webhook_events");
    });
    afterEach(async () => {
      for (const one of opened.splice(0).toReversed()) await one.stop();
    });
    after(() => ledger.database.close());

    async function receiver(...args: Parameters<typeof startReceiver>): Promise<Receiver> {
      const started = await startReceiver(...args);
      opened.push(started);
      return started;
    }

    /** Starts what one server sends with. */
    function sender(timeoutMs: number = SENDING.timeoutMs) {
      const poster = createGuardedPost({ networks: ["127.0.0.0/8"], timeoutMs });
      const worker = deliveryWorker({ deliveries, sealer, poster, log, pauseMs: 20 });
      const running = startWorkers([worker], { health: new WorkerHealth(), log });
      const stopped = { stop: () => running.stop() };
      opened.push(stopped);
      return stopped;
    }

    const endpointAt = async (url: string) => {
      const { webhook, secret } = await addWebhook(
        ledger.database,
        ofAccount(account),
        ["balance.low"],
        { url, thresholds: { balanceBelowMicros: 1n } },
      );
      return { id: webhook.id, secret };
    };
    const happens = async (endpoint: string, times = 1) => {
      for (let n = 0; n < times; n++) await deliveries.test(endpoint, 10_000);
    };
    const listed = async (endpoint: string) =>
      await deliveries.list(endpoint, { before: null, limit: 100 });

    /** Waits for a change of the log, which the worker writes after the answer. */
    async function logOf(
      endpoint: string,
      isDone: (log: Awaited<ReturnType<typeof listed>>) => boolean,
    ) {
      for (;;) {
        const found = await listed(endpoint);
        if (isDone(found)) return found;
        await new Promise(setImmediate);
      }
    }
    const makeDue = () =>
      ledger.database.query(
        "update webhook_deliveries set next_at = now() where state = 'waiting'",
      );

    it("are signed, so that a receiver verifies them, and listed as delivered", async () => {
      const target = await receiver();
      const { id, secret } = await endpointAt(target.url);
      target.trust(secret);
      await happens(id, 3);
      sender();
      await target.hasReceived(3);
      const done = await logOf(id, (all) => all.every(({ state }) => state === "delivered"));
      expect(done).to.have.length(3);
      expect(done[0]).to.deep.include({ type: "webhook.test", attempts: 1, lastStatus: 204 });
      const ids = target.received.map((event) => event.id);
      expect(ids).to.have.members(done.map(({ eventId }) => eventId));
      expect(target.received[0]?.data).to.deep.equal({ webhook: id });
    });

    it("are tried again later after a failure, with the same webhook-id and body", async () => {
      let isUp = false;
      const target = await receiver((res) => res.writeHead(isUp ? 200 : 503).end());
      const { id, secret } = await endpointAt(target.url);
      target.trust(secret);
      await happens(id);
      sender();
      const [failed] = await logOf(id, ([one]) => one?.lastStatus === 503);
      expect(failed).to.deep.include({ state: "waiting", attempts: 1 });
      expect(failed?.lastError).to.match(/it answered 503/);
      expect(failed?.nextAt?.getTime()).to.be.greaterThan(Date.now() + 2_000);
      isUp = true;
      await makeDue();
      await target.hasReceived(2);
      const [first, second] = target.received;
      expect(second).to.deep.equal(first);
    });

    it("end after the last attempt", async () => {
      const target = await receiver((res) => res.writeHead(500).end());
      const { id, secret } = await endpointAt(target.url);
      target.trust(secret);
      await happens(id);
      await deliveries.fanOut(10);
      await ledger.database.query("update webhook_deliveries set attempts = 9");
      sender();
      const [last] = await logOf(id, ([one]) => one?.state === "failed");
      expect(last).to.deep.include({ attempts: 10, nextAt: null });
    });

    it("disable an endpoint that answers 410, and its owner sees why", async () => {
      const target = await receiver((res) => res.writeHead(410).end());
      const { id, secret } = await endpointAt(target.url);
      target.trust(secret);
      await happens(id);
      const running = sender();
      await logOf(id, ([one]) => one?.state === "failed");
      await running.stop();
      const store = createWebhookStore(ledger.database, sealer, { most: 100 });
      const webhook = await store.find(id);
      expect(webhook).to.deep.include({ disabledAs: "gone" });
      await happens(id);
      expect(await deliveries.fanOut(10)).to.equal(1);
      expect(await listed(id)).to.have.length(1);
    });

    it("disable an endpoint after five days without a success", async () => {
      const target = await receiver((res) => res.writeHead(500).end());
      const { id, secret } = await endpointAt(target.url);
      target.trust(secret);
      const failingFor = (days: number) =>
        ledger.database.query(
          "update webhook_endpoints set failing_since = now() - make_interval(days => $1)",
          [days],
        );
      const store = createWebhookStore(ledger.database, sealer, { most: 100 });
      await failingFor(4);
      await happens(id);
      sender();
      await logOf(id, ([one]) => one?.lastStatus === 500);
      expect((await store.find(id))?.disabledAs).to.equal(null);
      await failingFor(6);
      await makeDue();
      await logOf(id, ([one]) => one?.attempts === 2 && one.lastStatus === 500);
      while ((await store.find(id))?.disabledAs === null) await new Promise(setImmediate);
      expect((await store.find(id))?.disabledAs).to.equal("failing");
      const enabled = await store.find(id);
      if (enabled === null) throw new Error("gone");
      const again = await store.update(enabled, enabled, true);
      expect(again).to.deep.include({ disabledAs: null, failingSince: null });
    });

    it("to other endpoints wait for none that hangs", async () => {
      const hanging = await receiver(() => undefined);
      const target = await receiver();
      const stuck = await endpointAt(hanging.url);
      const well = await endpointAt(target.url);
      hanging.trust(stuck.secret);
      target.trust(well.secret);
      await happens(stuck.id, 50);
      const running = sender();
      await hanging.hasReceived(SENDING.toOne);
      await happens(well.id, 20);
      await target.hasReceived(20);
      // It got no more than its own places.
      expect(hanging.received).to.have.length(SENDING.toOne);
      await running.stop();
      const left = await listed(stuck.id);
      expect(
        left.filter(({ state, attempts }) => state === "waiting" && attempts === 0),
      ).to.have.length(50);
    });

    it("carry two signatures while two secrets are valid", async () => {
      const target = await receiver();
      const { id, secret } = await endpointAt(target.url);
      const store = createWebhookStore(ledger.database, sealer, { most: 100 });
      const rotated = await store.rotate(id, 3_600);
      if (rotated === null) throw new Error("gone");
      target.trust(secret);
      await happens(id);
      sender();
      await target.hasReceived(1);
      target.trust(rotated.secret);
      expect(target.received[0]?.signatures).to.equal(2);
      await store.rotate(id, 0);
      await store.rotate(id, 0);
      const last = await store.rotate(id, 0);
      target.trust(last?.secret ?? "");
      await happens(id);
      await target.hasReceived(2);
      expect(target.received[1]?.signatures).to.equal(1);
    });

    it("follow no redirect to another place", async () => {
      const secretPlace = await receiver();
      const target = await receiver((res) =>
        res.writeHead(307, { location: secretPlace.url }).end(),
      );
      const { id, secret } = await endpointAt(target.url);
      target.trust(secret);
      await happens(id);
      sender();
      const [failed] = await logOf(id, ([one]) => one?.lastStatus === 307);
      expect(failed?.lastError).to.match(/redirects are not followed/);
      expect(secretPlace.received).to.have.length(0);
    });

    it("that a dead server began are begun again when their lease ends, and only then", async () => {
      const { id } = await endpointAt("http://127.0.0.1:9");
      await happens(id);
      await deliveries.fanOut(10);
      const options = { most: 10, mostFailing: 10, busy: [], leaseSeconds: 60 };
      const [first] = await deliveries.claim(options);
      if (first === undefined) throw new Error("nothing is due");
      expect(await deliveries.claim(options)).to.deep.equal([]);
      await makeDue();
      const [second] = await deliveries.claim(options);
      expect(second?.event).to.deep.equal(first.event);
      expect([first.attempt, second?.attempt]).to.deep.equal([1, 2]);
      // The first server was only slow: what it says comes too late.
      await deliveries.finish(first, { result: "gone", status: 410 });
      expect((await listed(id))[0]).to.deep.include({ state: "waiting", attempts: 2 });
    });

    it("that wait for endpoints that fail leave room for the others", async () => {
      const failing = await endpointAt("http://127.0.0.1:9");
      const well = await endpointAt("http://127.0.0.1:10");
      await happens(failing.id);
      await happens(well.id);
      await deliveries.fanOut(10);
      await ledger.database.query(
        "update webhook_endpoints set failing_since = now() where id = $1",
        [failing.id],
      );
      const options = { most: 10, mostFailing: 0, busy: [], leaseSeconds: 60 };
      const claimed = await deliveries.claim(options);
      expect(claimed.map(({ endpoint }) => endpoint)).to.deep.equal([well.id]);
    });

    it("go out again when they are replayed, one or all since a time", async () => {
      const target = await receiver();
      const { id, secret } = await endpointAt(target.url);
      const other = await endpointAt(target.url);
      target.trust(secret);
      await happens(id, 2);
      sender();
      await target.hasReceived(2);
      const [newest] = await logOf(id, (all) => all.every(({ state }) => state === "delivered"));
      if (newest === undefined) throw new Error("nothing was delivered");
      expect(await deliveries.replay(other.id, newest.eventId)).to.equal(false);
      expect(await deliveries.replay(id, newest.eventId)).to.equal(true);
      await target.hasReceived(3);
      expect(target.received[2]?.id).to.equal(newest.eventId);
      await logOf(id, (all) => all.every(({ state }) => state === "delivered"));
      const some = await deliveries.replaySince(id, new Date(0), 1);
      expect(some.replayed).to.equal(1);
      expect(some.nextSince).to.be.instanceOf(Date);
      const all = await deliveries.replaySince(id, some.nextSince ?? new Date(), 10);
      expect(all).to.deep.equal({ replayed: 2, nextSince: null });
    });

    it("are deleted when they were kept long enough", async () => {
      const { id } = await endpointAt("http://127.0.0.1:9");
      await happens(id, 2);
      await deliveries.fanOut(10);
      expect(await deliveries.deleteOld(60, 10)).to.equal(0);
      await ledger.database.query(
        "update webhook_events set occurred_at = occurred_at - interval '1 hour'",
      );
      expect(await deliveries.deleteOld(60, 1)).to.equal(1);
      expect(await deliveries.deleteOld(60, 10)).to.equal(1);
      expect(await listed(id)).to.deep.equal([]);
    });

    it("are signed with secrets that a new key sealed anew, and fail without any key", async () => {
      const { id, secret } = await endpointAt("http://127.0.0.1:9");
      const older = Buffer.from(WEBHOOK_KEY, "hex");
      const newer = Buffer.alloc(32, 7);
      const both = createSecretSealer([newer, older]);
      expect(await createWebhookStore(ledger.database, both, { most: 9 }).resealOld(10)).to.equal(
        1,
      );
      expect(await createWebhookStore(ledger.database, both, { most: 9 }).resealOld(10)).to.equal(
        0,
      );
      await happens(id);
      await deliveries.fanOut(10);
      const [attempt] = await deliveries.claim({
        most: 1,
        mostFailing: 1,
        busy: [],
        leaseSeconds: 1,
      });
      const [sealed] = attempt?.secrets ?? [];
      if (sealed === undefined) throw new Error("nothing is due");
      expect(createSecretSealer([newer]).open(sealed, id)).to.equal(secret);
      expect(sealer.open(sealed, id)).to.equal(null);
      // Nor in another endpoint's row.
      expect(both.open(sealed, "00000000-0000-4000-8000-000000000000")).to.equal(null);
    });
  });
}
