import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import type { Database } from "@compute-credits/platform/postgres/database";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { parseCredits } from "@compute-credits/protocol/amounts";
import { eventually } from "../../scripts/local/eventually.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { SENDING } from "../../server/workers/webhooks/deliveryWorker.ts";
import { type ChildServer, startChildServer } from "../fixtures/childServer.ts";
import { fundSpender } from "../fixtures/fundedSpender.ts";
import { send } from "../fixtures/http.ts";
import { type LocalContract, startContract } from "../fixtures/localContract.ts";
import { addressOf, cloudEvent } from "../fixtures/meteredStack.ts";
import { newLedgerDatabase } from "../fixtures/postgresServer.ts";
import { WEBHOOK_KEY, addWebhook, ofAccount, startReceiver } from "../fixtures/webhooks.ts";

const EVENTS = 100;

/** From so many deliveries on, the sending server is answered nothing, and then killed. */
const SILENT_FROM = [5, 25, 45, 65, 85];

/** Deliveries on the way when it is killed. */
const ON_THE_WAY = 2;

describe("a server killed with SIGKILL, again and again, while it delivers a hundred events", () => {
  let folder: string;
  let local: LocalContract;
  let database: Database;
  const running: ChildServer[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "compute-credits-webhooks-"));
    await writeFile(join(folder, "keys"), WEBHOOK_KEY, { mode: 0o600 });
    local = await startContract();
  });
  after(async () => {
    await Promise.all(running.map((server) => server.kill()));
    await database?.close();
    await local?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("loses none, and repeats only what was on the way", async () => {
    const databaseUrl = await newLedgerDatabase();
    const start = (environment: Readonly<Record<string, string>>): ChildServer => {
      const server = startChildServer({
        RPC_URL: local.rpcUrl,
        CONTRACT_ADDRESS: local.contract,
        DATABASE_URL: databaseUrl,
        SIGNING_JOURNAL_FOLDER: folder,
        ...environment,
      });
      running.push(server);
      return server;
    };
    // It meters and sends nothing: it has no key of the secrets.
    const metering = await start({}).url();
    database = await openPgDatabase(databaseUrl, 2);
    const { providerKey, spender } = await fundSpender(local, metering, database);

    let isSilent = false;
    const unanswered = new Set<ServerResponse>();
    const receiver = await startReceiver((res) => {
      if (SILENT_FROM.includes(receiver.received.length)) isSilent = true;
      if (isSilent) unanswered.add(res);
      else res.writeHead(204).end();
    });
    const thresholds = { balanceBelowMicros: parseCredits("10") };
    const owner = ofAccount(addressOf(wallets.alice));
    const { secret } = await addWebhook(database, owner, ["balance.low"], {
      url: receiver.url,
      thresholds,
    });
    receiver.trust(secret);

    try {
      const sending = () =>
        start({ WEBHOOK_KEY_FILE: join(folder, "keys"), WEBHOOK_NETWORKS: "127.0.0.0/8" });
      let server = sending();
      const crossing = crossThreshold(metering, { providerKey, spender });
      let repeated = 0;
      for (const count of SILENT_FROM) {
        // oxlint-disable no-await-in-loop -- one kill after the other
        await receiver.hasReceived(count + ON_THE_WAY - 1);
        await server.kill();
        repeated += unanswered.size;
        unanswered.clear();
        isSilent = false;
        // As if the leases were over, after a minute.
        await database.query(
          "update webhook_deliveries set next_at = now() where state = 'waiting'",
        );
        server = sending();
        // oxlint-enable no-await-in-loop
      }
      await crossing;
      await eventually("all deliveries", async () => {
        const [row] = await database.query<{ done: bigint }>(
          "select count(*) as done from webhook_deliveries where state = 'delivered'",
        );
        return row?.done === BigInt(EVENTS);
      });
      const ids = receiver.received.map(({ id }) => id);
      expect(new Set(ids).size, "events that came").to.equal(EVENTS);
      expect(ids.length - EVENTS, "repetitions").to.be.at.most(repeated);
      expect(repeated, "on the way when killed").to.be.within(
        SILENT_FROM.length * ON_THE_WAY,
        SILENT_FROM.length * SENDING.toOne,
      );
    } finally {
      await receiver.stop();
    }
  });
});

/** Takes an account's balance below its threshold, and back, as often as there are events. */
async function crossThreshold(
  url: string,
  { providerKey, spender }: { readonly providerKey: string; readonly spender: `0x${string}` },
): Promise<void> {
  for (let count = 0; count < EVENTS; count++) {
    const event = cloudEvent(spender);
    // oxlint-disable no-await-in-loop -- one crossing after the other
    const used = await send(`${url}/v1/usage`, { key: providerKey, body: event });
    expect(used.status).to.equal(201);
    const body = { eventId: event.id };
    const voided = await send(`${url}/v1/voids`, { key: providerKey, body });
    expect(voided.status).to.be.oneOf([200, 201]);
    // oxlint-enable no-await-in-loop
  }
}
