import { expect } from "chai";
import * as fc from "fast-check";

import { createApiKey, createViewKey } from "@compute-credits/client/wallet/apiKey";
import type { Database } from "@compute-credits/platform/postgres/database";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { repeated } from "../fixtures/effort.ts";
import { type ReadFrame, readEvents } from "../fixtures/eventStream.ts";
import { type Ledger, openLedger, party } from "../fixtures/ledger.ts";
import { type LedgerServer, serveLedger } from "../fixtures/ledgerServer.ts";
import { newLedgerDatabase } from "../fixtures/postgresServer.ts";

/** A server with its own connections to the database. */
interface Instance {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly server: LedgerServer;
}

const eventIdOf = ({ data }: ReadFrame) => String(data?.["eventId"]);

describe("Live streams on two servers of one PostgreSQL", () => {
  const [payer, other, provider] = [party(1), party(2), party(3)];
  const apiKey = createApiKey();
  const spender = apiKeySpender(apiKey);
  let instances: readonly [Instance, Instance];
  let providerKey: string;
  let events = 0;

  before(async () => {
    const url = await newLedgerDatabase();
    const open = async (name: string): Promise<Instance> => {
      const named = new URL(url);
      named.searchParams.set("application_name", name);
      const database = await openPgDatabase(named.href, 20);
      const ledger = await openLedger(database);
      return { database, ledger, server: await serveLedger(ledger) };
    };
    instances = [await open("one"), await open("two")];
    const [{ ledger, server }] = instances;
    for (const account of [payer, other]) {
      await ledger.purchase(account, "100");
      await ledger.allow(account, { spender });
    }
    await ledger.grantAccess(spender, provider);
    providerKey = await server.keyOf(provider);
  });

  after(async () => {
    for (const { server, database } of instances) {
      await server.stop();
      await database.close();
    }
  });

  const at = (index: number): Instance => instances[index === 0 ? 0 : 1];
  const urlOf = ({ server }: Instance, kinds: string) =>
    `${server.url}/v1/providers/${provider}/events?kinds=${kinds}`;

  async function debit({ ledger }: Instance, id = `event ${events++}`): Promise<string> {
    const usage = { provider, id, spender, meter: "units", quantity: 1n, dimensions: {} };
    const [outcome] = await ledger.usage.record([{ ...usage, occurredAt: new Date() }]);
    expect(outcome?.result).to.equal("debited");
    return id;
  }

  /** Where a stream is that has nothing yet. */
  async function startId(): Promise<string> {
    const stream = await readEvents(urlOf(at(0), "debit"), { key: providerKey });
    await stream.until(({ id }) => id !== "");
    await stream.close();
    return stream.lastId();
  }

  /** Writes a debit in a transaction that commits only when it is told to. */
  async function lateDebit(copyOf: string): Promise<{ id: string; commit: () => Promise<void> }> {
    const id = `late ${events++}`;
    const written = Promise.withResolvers<void>();
    const mayCommit = Promise.withResolvers<void>();
    const done = at(0).database.transaction(async (tx) => {
      await tx.query(
        `insert into debits (provider, event_id, part, account, allowance, spender, meter, quantity,
           dimensions, occurred_at, recorded_at, rate_card, amount_micros, fee_micros)
         select provider, $2, part, account, allowance, spender, meter, quantity, dimensions,
           occurred_at, recorded_at, rate_card, amount_micros, fee_micros
         from debits where event_id = $1`,
        [copyOf, id],
      );
      written.resolve();
      await mayCommit.promise;
    });
    await written.promise;
    return {
      id,
      async commit() {
        mayCommit.resolve();
        await done;
      },
    };
  }

  it("gives each debit and void once, wherever the reader is cut off and goes on", async () => {
    const anyCut = fc.record({
      server: fc.constantFrom(0, 1),
      frames: fc.integer({ min: 0, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(anyCut, { minLength: 2, maxLength: 6 }), async (cuts) => {
        let lastEventId = await startId();
        const first = await debit(at(0));
        const late = await lateDebit(first);
        const expected = [first, late.id];
        const voided: string[] = [];
        // Both servers write at once: log orders and commits come in different orders.
        const writing = Promise.all(
          [0, 1].map(async (index) => {
            for (let count = 0; count < 8; count++) {
              // oxlint-disable-next-line no-await-in-loop -- each server one after the other
              const id = await debit(at(index));
              expected.push(id);
              if (count % 4 !== 3) continue;
              voided.push(id);
              // oxlint-disable-next-line no-await-in-loop
              await at(index).ledger.usage.void({ provider, id });
            }
          }),
        );
        const told: ReadFrame[] = [];
        for (const [index, { server, frames }] of cuts.entries()) {
          if (index === Math.floor(cuts.length / 2)) {
            // oxlint-disable-next-line no-await-in-loop -- in the middle of the cuts
            await Promise.all([writing, late.commit()]);
          }
          // oxlint-disable-next-line no-await-in-loop -- one connection after the other
          const taken = await readSome(at(server), { lastEventId, frames });
          told.push(...taken);
          lastEventId = taken.at(-1)?.id ?? lastEventId;
        }
        const end = await debit(at(1));
        const rest = await readEvents(urlOf(at(1), "debit,void"), {
          key: providerKey,
          lastEventId,
        });
        await rest.until((frame) => frame.event === "debit" && eventIdOf(frame) === end);
        await rest.close();
        told.push(...rest.frames);

        const idsOf = (name: string) => told.filter(({ event }) => event === name).map(eventIdOf);
        expect(idsOf("debit").toSorted()).to.deep.equal([...expected, end].toSorted());
        expect(idsOf("void").toSorted()).to.deep.equal(voided.toSorted());
      }),
      { numRuns: repeated(4) },
    );
  });

  /** Takes up to so many events of a connection, and loses what comes after them. */
  async function readSome(
    instance: Instance,
    { lastEventId, frames }: { readonly lastEventId: string; readonly frames: number },
  ): Promise<readonly ReadFrame[]> {
    const stream = await readEvents(urlOf(instance, "debit,void"), {
      key: providerKey,
      lastEventId,
    });
    // At the latest, a caught-up stream has an id of its own.
    await stream.until(() => stream.frames.filter(({ id }) => id !== "").length >= 1);
    await stream.close();
    return stream.frames.filter(({ event }) => event !== null).slice(0, frames);
  }

  it("gives each debit once although all connections of its server to the database are cut", async () => {
    const [one, two] = instances;
    const stream = await readEvents(urlOf(one, "debit"), { key: providerKey });
    await stream.until(({ id }) => id !== "");
    const expected: string[] = [];
    for (let round = 0; round < 3; round++) {
      // oxlint-disable no-await-in-loop -- cut off between two debits
      expected.push(await debit(two));
      await two.database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name = 'one'`,
      );
      expected.push(await debit(two));
      await stream.until((frame) => eventIdOf(frame) === expected.at(-1));
      // oxlint-enable no-await-in-loop
    }
    const lastEventId = stream.lastId();
    await stream.close();
    const told = stream.frames.filter(({ event }) => event === "debit").map(eventIdOf);
    expect(told).to.deep.equal(expected);
    const next = await debit(two);
    const resumed = await readEvents(urlOf(two, "debit"), { key: providerKey, lastEventId });
    await resumed.until((frame) => eventIdOf(frame) === next);
    await resumed.close();
    expect(resumed.frames.filter(({ event }) => event === "debit")).to.have.length(1);
  });

  it("ends a stream when another server revokes its session", async () => {
    const [one, two] = instances;
    const key = await one.server.sessionOf(payer);
    const stream = await readEvents(`${one.server.url}/v1/accounts/${payer}/events`, { key });
    await stream.until(({ event }) => event === "balance");
    await two.server.callers.sessions.revokeAll(payer);
    await stream.until(
      ({ event, data }) => event === "closing" && data?.["reason"] === "credentials_ended",
    );
    await stream.ended;
  });

  it("ends a stream when another server revokes its key, before anything later is told", async () => {
    const [one, two] = instances;
    const viewKey = createViewKey();
    const keyHash = apiKeySpender(viewKey);
    const expiresAt = new Date(Date.now() + 3_600_000);
    await one.server.callers.viewKeys.add({ account: payer, keyHash, expiresAt });
    const ownKey = await one.server.keyOf(provider);
    const ends = [
      {
        key: viewKey,
        url: `${one.server.url}/v1/accounts/${payer}/events`,
        end: () => two.server.callers.viewKeys.end({ account: payer, keyHash, inSeconds: 0 }),
      },
      {
        key: ownKey,
        url: urlOf(one, "debit"),
        end: () => two.ledger.providers.revokeKey({ provider, keyHash: apiKeySpender(ownKey) }),
      },
    ];
    for (const { key, url, end } of ends) {
      // oxlint-disable no-await-in-loop -- one key after the other
      const stream = await readEvents(url, { key });
      await stream.until(({ id }) => id !== "");
      await end();
      const later = await debit(two);
      await stream.until(({ event }) => event === "closing");
      await stream.ended;
      expect(stream.frames.map(eventIdOf)).to.not.include(later);
      // oxlint-enable no-await-in-loop
    }
  });

  it("goes on at the other server when one stops in the middle", async () => {
    const stopping = await serveLedger(at(0).ledger);
    const url = `${stopping.url}/v1/providers/${provider}/events?kinds=debit`;
    const stream = await readEvents(url, { key: providerKey });
    await stream.until(({ id }) => id !== "");
    const expected = [await debit(at(1)), await debit(at(1))];
    await stream.until((frame) => eventIdOf(frame) === expected[0]);
    await stopping.stop();
    await stream.ended;
    expected.push(await debit(at(1)));
    const lastEventId = stream.lastId();
    const resumed = await readEvents(urlOf(at(1), "debit"), { key: providerKey, lastEventId });
    await resumed.until((frame) => eventIdOf(frame) === expected[2]);
    await resumed.close();
    const told = [...stream.frames, ...resumed.frames].filter(({ event }) => event === "debit");
    expect(told.map(eventIdOf)).to.deep.equal(expected);
  });
});
