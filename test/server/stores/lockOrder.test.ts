import { expect } from "chai";
import type { Address } from "viem";

import { promotionCodeHash } from "@compute-credits/protocol/messages/promotionCode";
import { eventually } from "../../../scripts/local/eventually.ts";
import { createChainStore } from "../../../server/stores/chain/postgresChainStore.ts";
import { createGrantStore } from "../../../server/stores/allowances/postgresGrantStore.ts";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { postgres } from "../../fixtures/databases.ts";
import {
  ALLOWANCE_RULES,
  type Ledger,
  emptyLedger,
  hashOf,
  party,
  usageEvent,
} from "../../fixtures/ledger.ts";

const [first, second, provider] = [party(1), party(2), party(3)];

/** PostgreSQL's error code `deadlock_detected`. */
const DEADLOCK = "40P01";

// PGlite has one connection, so no transaction waits for another.
describe("lock order of indexer, debits, voids, cuts and grants on PostgreSQL", () => {
  let database: Database;
  let ledger: Ledger;
  let circles = 0;

  before(async () => {
    const opened = await postgres.open();
    database = {
      ...opened,
      // The stores retry after a deadlock, so only this counter shows it.
      transaction: (work, options) =>
        opened.transaction(work, options).catch((error: unknown) => {
          if (error instanceof Error && "code" in error && error.code === DEADLOCK) circles++;
          throw error;
        }),
    };
  });
  afterEach(() => {
    expect(circles).to.equal(0);
  });
  beforeEach(async () => {
    circles = 0;
    ledger = await emptyLedger(database);
    await ledger.purchase(first, "1");
    await ledger.purchase(second, "1");
  });
  after(() => database.close());

  async function newSpender(account: Address) {
    const { message } = await ledger.allow(account);
    await ledger.grantAccess(message.spender, provider);
    return message.spender;
  }

  /** Waits until `count` transactions wait for a lock. */
  const waiting = (count: number) =>
    eventually(`${count} that wait`, async () => {
      const [found] = await database.query<{ count: bigint }>(
        `select count(distinct pid) as count from pg_locks where not granted
           and pid in (select pid from pg_stat_activity where datname = current_database())`,
      );
      return found !== undefined && found.count >= count;
    });

  /** Wraps a database so that `meanwhile` runs after the first statement that contains a text. */
  function pausedAfter(part: string, meanwhile: () => Promise<void>): Database {
    let isFirst = true;
    const paused = (sql: Sql): Sql => ({
      async query(text, values) {
        const rows = await sql.query<never>(text, values);
        if (isFirst && text.includes(part)) {
          isFirst = false;
          await meanwhile();
        }
        return rows;
      },
    });
    return {
      ...database,
      transaction: (work, options) =>
        database.transaction((tx) => work({ ...tx, ...paused(tx) }), options),
    };
  }

  /** Applies events and runs `meanwhile` after the first purchase is inserted. Does not retry. */
  async function applyAnd(events: readonly EventOfTest[], meanwhile: () => Promise<void>) {
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    const store = createChainStore(
      pausedAfter("insert into purchases", async () => {
        resolve();
        await meanwhile();
      }),
    );
    const from = await ledger.chainStore.cursor();
    const number = from.number + 1n;
    const upTo = { number, hash: hashOf(`block ${number}`), time: new Date() };
    const places = { blockNumber: number, blockTime: upTo.time, transactionHash: upTo.hash };
    const applied = await store.apply({
      from,
      upTo,
      events: events.map((event, logIndex) => ({ ...event, ...places, logIndex })),
    });
    await begun;
    return applied;
  }

  it("does not deadlock if the chain's order of accounts differs from that of debits", async () => {
    const spenders = [await newSpender(first), await newSpender(second)];
    const events = spenders.map((spender) => usageEvent({ provider, spender, quantity: 7n }));
    let debiting: Promise<unknown> | undefined;
    const applied = await applyAnd([purchase(second), purchase(first)], async () => {
      // Locks the first account if possible, and waits for the second.
      debiting = ledger.usage.record(events);
      await waiting(1);
    });
    expect(applied).to.equal(true);
    await debiting;
    for (const account of [first, second]) {
      const { spent, purchased } = await ledger.accounts.balance(account);
      expect({ spent, purchased }).to.deep.equal({ spent: 7n, purchased: 1_000_005n });
    }
  });

  it("does not deadlock if a cut, a void and a block with checkpoint events run at once", async () => {
    const spender = await newSpender(first);
    await ledger.usage.record([usageEvent({ provider, spender, quantity: 7n })]);
    const submitted = await ledger.checkpoints.cut(1_000n);
    if (submitted === null) throw new Error("nothing was cut");
    const event = usageEvent({ provider, spender, quantity: 11n });
    await ledger.usage.record([event]);

    const { epoch, root } = submitted.message;
    const onChain: EventOfTest = {
      type: "checkpoint_submitted",
      epoch,
      root,
      finalAt: new Date(0),
    };
    let others: Promise<unknown[]> | undefined;
    const applied = await applyAnd([purchase(first), onChain], async () => {
      const voiding = ledger.usage.void({ provider, id: event.id });
      await waiting(1);
      // Like a cut, whose snapshot finds the last checkpoint pending or final.
      const cutting = database.transaction(async (tx) => {
        await tx.query("lock table checkpoints in share row exclusive mode");
        await tx.query("lock table voids in share mode");
      });
      others = Promise.all([voiding, cutting]);
      await waiting(2);
    });
    expect(applied).to.equal(true);
    expect((await others)?.[0]).to.include({ result: "voided", amountMicros: 11n });
    expect((await ledger.accounts.balance(first)).purchased).to.equal(1_000_005n);
  });

  it("does not deadlock if an allowance is added while grants of its account are issued", async () => {
    const campaign = await ledger.allow(first, { limit: 1_000n });
    const adding: Promise<unknown>[] = [];
    const grants = createGrantStore(
      pausedAfter("for update", async () => {
        adding.push(ledger.allow(first));
        await waiting(1);
      }),
      ALLOWANCE_RULES,
    );
    const outcomes = await grants.issue(
      campaign.id,
      [
        {
          key: "one",
          spender: hashOf("somebody"),
          limit: 5n,
          period: 0n,
          rollover: 0n,
          startsAt: null,
          expiresAt: null,
          priority: null,
          scope: null,
        },
      ],
      await ledger.issuerOf(campaign.id),
    );
    expect(outcomes).to.have.nested.property("[0].result", "granted");
    await Promise.all(adding);
    expect(adding).to.have.length(1);
  });

  it("closes a code after the redemption in progress, so that none follows the answer", async () => {
    const { id: campaign } = await ledger.allow(first, { limit: 1_000n });
    const codeHash = promotionCodeHash("LAST");
    const terms = { limit: 5n, period: 0n, rollover: 0n, priority: null, scope: null };
    const code = { ...terms, codeHash, maxRedemptions: 9n, redeemBy: 0n, validSeconds: 0n };
    await ledger.grants.addCodes(campaign, [code], await ledger.issuerOf(campaign));
    const closing: ReturnType<typeof ledger.grants.closeCode>[] = [];
    // The redemption has read the open code under its lock, and has not counted itself yet.
    const slow = pausedAfter("set issued_count", async () => {
      const closed = ledger.grants.closeCode(campaign, codeHash);
      closing.push(closed);
      await Promise.race([closed, waiting(1)]);
    });
    const outcome = await createGrantStore(slow, ALLOWANCE_RULES).redeem({
      campaign,
      codeHash,
      spender: hashOf("somebody"),
      proof: { how: "key" },
    });
    expect(outcome.result).to.equal("redeemed");
    const [closed] = await Promise.all(closing);
    expect(closed).to.include({ redemptions: 1n });
  });
});

type EventOfTest = ChainEvent extends infer Event
  ? Event extends ChainEvent
    ? Omit<Event, "blockNumber" | "blockTime" | "logIndex" | "transactionHash">
    : never
  : never;

function purchase(account: Address): EventOfTest {
  return {
    type: "purchased",
    account,
    payer: account,
    amountMicros: 5n,
    tokenAmount: 1n,
  };
}
