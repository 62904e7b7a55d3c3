import { expect } from "chai";

import type { Database } from "@compute-credits/platform/postgres/database";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { eventually } from "../../scripts/local/eventually.ts";
import type { DeliveryStore } from "../../server/stores/webhooks/deliveryStore.ts";
import { createDeliveryStore } from "../../server/stores/webhooks/postgresDeliveryStore.ts";
import { type ChildServer, startChildServer } from "../fixtures/childServer.ts";
import { newLedgerDatabase } from "../fixtures/postgresServer.ts";
import { type Receiver, addWebhook, startReceiver } from "../fixtures/webhooks.ts";

/** Where a server is killed, and how often its event then arrives in all. */
const FAULTS = [
  ["fanned out", "when the delivery is made and not begun", 1],
  ["claimed", "when the attempt is begun and nothing is sent", 1],
  ["sent", "when the receiver has the event and has not answered", 2],
  ["answered", "when the answer has come and is not recorded", 2],
  ["recorded", "when the answer is recorded", 1],
] as const;

describe("a server killed with SIGKILL in a delivery", () => {
  let url: string;
  let database: Database;
  let deliveries: DeliveryStore;
  let receiver: Receiver;
  let endpoint: string;
  let isSilent = false;
  const running: ChildServer[] = [];

  before(async () => {
    url = await newLedgerDatabase();
    database = await openPgDatabase(url, 2);
    deliveries = createDeliveryStore(database);
    receiver = await startReceiver((res) => {
      if (!isSilent) res.writeHead(204).end();
    });
    const owner = { party: "operator", address: null } as const;
    const { webhook, secret } = await addWebhook(database, owner, ["alarm.raised"], {
      url: receiver.url,
    });
    endpoint = webhook.id;
    receiver.trust(secret);
  });
  afterEach(async () => {
    isSilent = false;
    await Promise.all(running.splice(0).map((server) => server.kill()));
  });
  after(async () => {
    await receiver?.stop();
    await database?.close();
  });

  function start(stopsAt: string): ChildServer {
    const server = startChildServer(
      { DATABASE_URL: url, STOPS_AT: stopsAt },
      "test/fixtures/deliveringProgram.ts",
    );
    running.push(server);
    return server;
  }

  for (const [step, when, arrivals] of FAULTS) {
    it(`${when}, loses nothing: the event arrives ${arrivals === 1 ? "once" : "twice"}`, async () => {
      receiver.received.length = 0;
      const eventId = await deliveries.test(endpoint, 10);
      isSilent = step === "sent";
      const doomed = start(step);
      if (step === "sent") await receiver.hasReceived(1);
      else await doomed.hasSaid(`stopped at ${step}`);
      await doomed.kill();
      isSilent = false;
      // As if the lease were over, after a minute.
      await database.query("update webhook_deliveries set next_at = now() where state = 'waiting'");
      start("nowhere");
      await eventually("the delivery", async () => {
        const [delivery] = await deliveries.list(endpoint, { before: null, limit: 1 });
        return delivery?.eventId === eventId && delivery.state === "delivered";
      });
      expect(receiver.received.map(({ id }) => id)).to.deep.equal(
        Array.from({ length: arrivals }, () => eventId),
      );
    });
  }
});
