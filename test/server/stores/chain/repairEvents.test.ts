import { expect } from "chai";
import { numberToHex } from "viem";

import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";
import type { Database } from "@compute-credits/platform/postgres/database";
import { endFilling, fillHistory } from "../../../../server/stores/chain/chainHistory.ts";
import { repairEvents } from "../../../../server/stores/chain/repairEvents.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import {
  type EventInBlock,
  type Ledger,
  emptyLedger,
  hashOf,
  party,
  usageEvent,
} from "../../../fixtures/ledger.ts";

const [alice, bob, provider, challenger] = [party(1), party(2), party(3), party(4)];

const bought = (account: typeof alice, amountMicros: bigint): EventInBlock => ({
  type: "purchased",
  account,
  payer: account,
  amountMicros,
  tokenAmount: 1n,
});

/** A chain, a block an event: refunds that are served, replaced and open, counters and caps. */
const EVENTS: readonly EventInBlock[] = [
  bought(alice, 1_000n),
  bought(bob, 500n),
  requested(alice, 300n, { unspentMicros: 1_000n, refundedMicros: 0n }),
  { type: "row_settled", party: alice, epoch: 1n, spent: 0n, refunded: 300n, earned: 0n },
  { type: "refund_served", account: alice },
  { type: "row_settled", party: alice, epoch: 2n, spent: 20n, refunded: 300n, earned: 7n },
  { type: "cap_recorded", account: bob, counter: 1n, accountCapMicros: 50n },
  { type: "counter_raised", account: bob, counter: 1n },
  { type: "cap_recorded", account: bob, counter: 1n, accountCapMicros: 60n },
  { type: "counter_raised", account: bob, counter: 2n },
  bought(bob, 5n),
  requested(bob, 100n, { unspentMicros: 505n, refundedMicros: 0n }),
  { type: "fees_claimed", recipient: challenger, amountMicros: 3n, tokenAmount: 2n },
];
const CHAIN: readonly ChainEvent[] = EVENTS.map(inBlock);

for (const { name, open } of databaseKinds) {
  describe(`repairEvents on ${name}`, () => {
    let database: Database;
    let ledger: Ledger;

    before(async () => {
      database = await open();
    });
    beforeEach(async () => {
      ledger = await emptyLedger(database);
    });
    after(() => database.close());

    /** The indexer reads the whole chain, and its endpoint leaves these events out. */
    async function index(chain: readonly ChainEvent[], missed: readonly ChainEvent[] = []) {
      for (const event of chain) {
        const number = event.blockNumber;
        const upTo = { number, hash: hashOf(`block ${number}`), time: event.blockTime };
        // oxlint-disable-next-line no-await-in-loop -- blocks come one after the other
        await ledger.chainStore.apply({
          // oxlint-disable-next-line no-await-in-loop
          from: await ledger.chainStore.cursor(),
          upTo,
          events: missed.includes(event) ? [] : [event],
        });
      }
    }

    /** All that events of the chain change. */
    async function recorded() {
      const tables = [
        `select address, purchased, spent, refunding, refund_waiting, refunded, counter,
           recorded_cap from accounts order by 1`,
        "select block_number, log_index, account, amount_micros from purchases order by 1, 2",
        `select block_number, log_index, account, requested_micros, unspent_micros, served
         from refund_requests order by 1, 2`,
        "select * from settlements order by 1",
        "select block_number, amount_micros, token_amount from fee_claims order by 1",
        "select * from ended_counters order by 1, 2",
        "select * from recorded_caps order by 1, 2",
        "select block_number, outcome from challenges order by 1",
        "select epoch, dropped, submitted_block, final_at from checkpoints order by id",
        "select block_number, frozen_at from chain_cursor",
      ];
      return await Promise.all(tables.map((sql) => database.query(sql)));
    }

    const notes = () => database.query("select body from log_notes where kind = 'missed_events'");

    async function expectRepaired(
      chain: readonly ChainEvent[],
      missed: readonly ChainEvent[],
      whole: unknown,
    ): Promise<void> {
      const text = `without ${missed.map(({ type, blockNumber }) => `${type} ${blockNumber}`).join()}`;
      const repaired = await repairEvents(database, chain);
      expect(await recorded(), text).to.deep.equal(whole);
      // What a later event says too is not missed: of rows and caps, only the newest counts.
      const own = missed.filter(({ type }) => type === "purchased" || type === "refund_requested");
      expect(repaired, text).to.include.members(own);
      expect(await repairEvents(database, chain), text).to.deep.equal([]);
      expect(await recorded(), text).to.deep.equal(whole);
    }

    it("changes nothing if nothing is missing, and writes nothing into the log", async () => {
      await index(CHAIN);
      const before = await recorded();
      expect(await repairEvents(database, CHAIN)).to.deep.equal([]);
      expect(await recorded()).to.deep.equal(before);
      expect(await notes()).to.deep.equal([]);
    });

    it("leads to the same ledger as if nothing had been missed, for each event and for all", async () => {
      await index(CHAIN);
      const whole = await recorded();
      const cases = CHAIN.map((event) => {
        // Without its purchases an account has no later events either: the indexer would stop.
        if (event.type !== "purchased") return [event];
        return CHAIN.filter((one) => "account" in one && one.account === event.account);
      });
      for (const missed of [...cases, CHAIN]) {
        // oxlint-disable-next-line no-await-in-loop -- one database
        ledger = await emptyLedger(database);
        // oxlint-disable-next-line no-await-in-loop
        await index(CHAIN, missed);
        // oxlint-disable-next-line no-await-in-loop
        await expectRepaired(CHAIN, missed, whole);
      }
    });

    it("fills the history of settlements, at the times of their blocks, and nothing else", async () => {
      const history = () =>
        database.query(
          `select block_number, party, epoch, spent, refunded, earned, transaction_hash
           from settled_rows order by 1`,
        );
      await index(CHAIN);
      const [whole, kept] = [await recorded(), await history()];
      expect(kept).to.have.length(2);
      // As the migration leaves a ledger that had read these blocks before.
      const newest = CHAIN.findLast(({ type }) => type === "row_settled")?.blockNumber;
      await database.query("delete from fee_claims");
      await database.query("delete from settled_rows where block_number <> $1", [newest ?? 0n]);
      await database.query(
        `update settled_rows set log_index = -1, transaction_hash = null,
           recorded_at = '1970-01-01T00:00:00Z'`,
      );
      await database.query("insert into chain_history_start values (true, $1, now())", [
        newest ?? 0n,
      ]);
      const past = await ledger.past.before(new Date(0));
      expect(past).to.have.property("begunAt");

      expect(await fillHistory(database, CHAIN)).to.equal(3);
      expect(await fillHistory(database, CHAIN)).to.equal(0);
      await endFilling(database);
      expect(await history()).to.deep.equal(kept);
      expect(await recorded()).to.deep.equal(whole);
      const times = await database.query<{ at: Date }>(
        "select recorded_at as at from settled_rows order by block_number",
      );
      const blocks = CHAIN.filter(({ type }) => type === "row_settled");
      expect(times.map(({ at }) => at)).to.deep.equal(blocks.map(({ blockTime }) => blockTime));
      expect(await ledger.past.before(new Date())).to.deep.include({
        settled: { spent: 20n, refunded: 300n, earned: 7n },
      });
    });

    it("closes a request whose row was missed, and keeps the party's newest row", async () => {
      const first = CHAIN.find(({ type }) => type === "row_settled");
      const served = CHAIN.find(({ type }) => type === "refund_served");
      if (first === undefined || served === undefined) throw new Error("not in the chain");
      await index(CHAIN);
      const whole = await recorded();
      ledger = await emptyLedger(database);
      await index(CHAIN, [first, served]);
      // The later row serves the request too.
      expect(await repairEvents(database, CHAIN)).to.deep.equal([]);
      expect(await recorded()).to.deep.equal(whole);

      ledger = await emptyLedger(database);
      const rows = CHAIN.filter(({ type }) => type === "row_settled" || type === "refund_served");
      await index(CHAIN, rows);
      await repairEvents(database, CHAIN);
      expect(await recorded()).to.deep.equal(whole);
    });

    it("names the events in the log, with the last block that the ledger has read", async () => {
      const [, second] = CHAIN;
      if (second === undefined) throw new Error("no second event");
      const chain = CHAIN.slice(0, 3);
      await index(chain, [second]);
      await repairEvents(database, chain);
      expect(await notes()).to.deep.equal([
        { body: { upTo: "3", events: [{ block: "2", logIndex: 0 }] } },
      ]);
    });

    it("refuses blocks that the ledger has not read, which the indexer will", async () => {
      await index(CHAIN.slice(0, 2));
      const failure = await repairEvents(database, CHAIN).catch((error: unknown) => error);
      expect(String(failure)).to.include("has not read block 13 yet");
      expect((await ledger.accounts.balance(alice)).purchased).to.equal(1_000n);
    });

    it("sets aside for a missed request no more than what is left", async () => {
      const chain = CHAIN.slice(0, 3);
      await index(chain, chain.slice(2));
      const { message } = await ledger.allow(alice);
      await ledger.grantAccess(message.spender, provider);
      await ledger.usage.record([
        usageEvent({ provider, spender: message.spender, quantity: 900n }),
      ]);
      expect(await repairEvents(database, chain)).to.have.length(1);
      expect(await ledger.accounts.balance(alice)).to.include({ refunding: 100n, spent: 900n });
    });

    it("writes down a missed request or counter that a later one has replaced, without its effect", async () => {
      const amounts = { unspentMicros: 1_000n, refundedMicros: 0n };
      const chain = [
        bought(alice, 1_000n),
        requested(alice, 300n, amounts),
        { type: "counter_raised", account: alice, counter: 1n } as const,
        requested(alice, 100n, amounts),
        { type: "counter_raised", account: alice, counter: 2n } as const,
      ].map(inBlock);
      await index(chain, chain.slice(1, 3));
      expect(await repairEvents(database, chain.slice(0, 3))).to.have.length(2);
      expect(await ledger.accounts.balance(alice)).to.include({ refunding: 100n, counter: 2n });
      expect(
        await database.query("select block_number, served from refund_requests order by 1"),
      ).to.deep.equal([
        { block_number: 2n, served: true },
        { block_number: 4n, served: false },
      ]);
      expect(await database.query("select counter from ended_counters order by 1")).to.deep.equal([
        { counter: 0n },
        { counter: 1n },
      ]);
      expect(await repairEvents(database, chain)).to.deep.equal([]);
    });

    it("records a missed checkpoint, its challenges and its drop, and a freeze", async () => {
      const story = async () => {
        ledger = await emptyLedger(database);
        await index(CHAIN.slice(0, 1));
        const { message } = await ledger.allow(alice);
        await ledger.grantAccess(message.spender, provider);
        await ledger.usage.record([
          usageEvent({ provider, spender: message.spender, quantity: 9n }),
        ]);
        const cut = await ledger.checkpoints.cut(1_000n);
        if (cut === null) throw new Error("nothing was cut");
        const { epoch, root } = cut.message;
        const numbers = { spent: 1n, refunded: 0n, earned: 0n, deadline: new Date(1_000) };
        const events: readonly EventInBlock[] = [
          { type: "checkpoint_submitted", epoch, root, finalAt: new Date(0) },
          { type: "challenged", account: alice, challenger, epoch, ...numbers },
          { type: "challenge_answered", account: alice, challenger },
          { type: "challenged", account: alice, challenger, epoch, ...numbers },
          { type: "checkpoint_dropped", epoch, root },
          { type: "frozen", by: challenger },
        ];
        return events.map((event, at) => inBlock(event, at + 1));
      };
      await index(await story());
      const whole = await recorded();
      for (let count = 0; count < 6; count++) {
        // oxlint-disable-next-line no-await-in-loop -- one database
        const chain = await story();
        // oxlint-disable-next-line no-await-in-loop
        await index(chain, chain.slice(count));
        // oxlint-disable-next-line no-await-in-loop
        await expectRepaired(chain, chain.slice(count), whole);
      }
    });
  });
}

function requested(
  account: typeof alice,
  requestedMicros: bigint,
  amounts: { unspentMicros: bigint; refundedMicros: bigint },
): EventInBlock {
  return { type: "refund_requested", account, requestedMicros, ...amounts };
}

/** The event in the block of its place in the chain. */
function inBlock(event: EventInBlock, at: number): ChainEvent {
  const blockNumber = BigInt(at) + 1n;
  return {
    ...event,
    blockNumber,
    blockTime: new Date(1_700_000_000_000 + at * 12_000),
    logIndex: 0,
    transactionHash: numberToHex(blockNumber, { size: 32 }),
  };
}
