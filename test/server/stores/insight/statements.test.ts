import { expect } from "chai";
import type { Address } from "viem";
import { z } from "zod";

import { LOG_ENTRIES } from "@compute-credits/api/log/entries";
import { LogEntry } from "@compute-credits/api/log/usageLog";
import { readClock } from "@compute-credits/platform/postgres/clock";
import { bytea } from "@compute-credits/platform/postgres/values";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { Entry } from "@compute-credits/rules/log/logEntrySchema";
import { type Scene, openAudited } from "../../../fixtures/audited.ts";
import { postgres } from "../../../fixtures/databases.ts";
import { alice, bob, ledgerHistory, operator, provider } from "../../../fixtures/ledgerHistory.ts";

const sum = (amounts: readonly bigint[]) => amounts.reduce((all, each) => all + each, 0n);

/** The kind of an entry, and the names of its fields. */
function fieldsOf({ shape }: z.ZodObject): string {
  const kind = shape["kind"];
  if (!(kind instanceof z.ZodLiteral)) throw new Error("an entry has a kind");
  return `${String(kind.value)}: ${Object.keys(shape).toSorted().join()}`;
}

const EVER = { from: new Date("2020-01-01"), to: new Date("2100-01-01"), limit: 1_000 };

interface Moment {
  readonly at: Date;
  readonly party: Address;
  readonly unspent: bigint;
  readonly earned: bigint;
}

describe("statements over a history with every kind of entry", () => {
  let audited: Awaited<ReturnType<typeof openAudited>>;
  let scene: Scene;
  const moments: Moment[] = [];

  const parties = [alice, bob, operator, provider].map(({ address }) => address);

  async function balanceOf(party: Address) {
    const { purchased, spent, refunded, earned } = await scene.ledger.accounts.balance(party);
    return { unspent: purchased - spent - refunded, earned };
  }

  /** What of a party's debits before `at` was voided later: those days count it no more. */
  async function voidedSince({ at, party }: Moment): Promise<{ paid: bigint; earned: bigint }> {
    const [found] = await scene.ledger.database.query<{ paid: bigint; earned: bigint }>(
      `select coalesce(sum(amount_micros) filter (where account = $2), 0) as paid,
         coalesce(sum(amount_micros - fee_micros) filter (where provider = $2), 0) as earned
       from debits d join (select provider, event_id, voided_at from voids) v
         using (provider, event_id)
       where d.recorded_at < $1 and v.voided_at >= $1`,
      [at, bytea(party)],
    );
    return found ?? { paid: 0n, earned: 0n };
  }

  before(async () => {
    audited = await openAudited(postgres);
    scene = await audited.begin();
  });
  after(() => audited.close());

  for (const step of ledgerHistory()) {
    it(`reconcile, and close with the balance, after ${step.name}`, async () => {
      await step.run(scene);
      const { statements, database } = scene.ledger;
      for (const party of parties) {
        // oxlint-disable no-await-in-loop -- one after the other
        const { unspent, earned } = await balanceOf(party);
        const ofAccount = await statements.account({ address: party, ...EVER });
        expect(ofAccount).to.include({
          reconciles: true,
          openingMicros: 0n,
          closingMicros: unspent,
        });
        const ofProvider = await statements.provider({ address: party, ...EVER });
        expect(ofProvider).to.include({ reconciles: true, closingMicros: earned });
        moments.push({ at: await readClock(database), party, unspent, earned });
        // oxlint-enable no-await-in-loop
      }
    });
  }

  for (const sums of ["the log alone", "daily sums"]) {
    it(`say the balance of each past moment, from ${sums}`, async () => {
      const { statements, rollUps } = scene.ledger;
      // oxlint-disable no-await-in-loop -- one after the other
      if (sums === "daily sums") while ((await rollUps.addNext(1_000)) === "more");
      for (const moment of moments) {
        const { at, party, unspent, earned } = moment;
        const voided = await voidedSince(moment);
        const until = { address: party, ...EVER, to: at };
        const since = { address: party, ...EVER, from: at };
        for (const [statement, field] of [
          [await statements.account(until), "closingMicros"],
          [await statements.account(since), "openingMicros"],
        ] as const) {
          expect(statement[field]).to.equal(unspent + voided.paid);
          expect(statement.reconciles).to.equal(true);
        }
        const ofProvider = await statements.provider(until);
        expect(ofProvider.closingMicros).to.equal(earned - voided.earned);
      }
      // oxlint-enable no-await-in-loop
    });
  }

  it("come from a log whose entries are as the API describes them, each kind", async () => {
    const { usageLog } = scene.ledger;
    const page = await usageLog.page({ since: null, upTo: null }, null, 1_000);
    expect(page.next).to.equal(null);
    for (const entry of page.entries) LogEntry.parse(JSON.parse(jsonText(entry)));
    // Kinds that this history lacks have the fields that auditors read, at least.
    if (!(Entry instanceof z.ZodDiscriminatedUnion)) throw new Error("entries differ by kind");
    const read = Entry.options.map((option) => {
      if (!(option instanceof z.ZodObject)) throw new Error("each kind is an object");
      return fieldsOf(option);
    });
    expect(LOG_ENTRIES.map(fieldsOf).toSorted()).to.deep.equal(read.toSorted());
  });

  it("list purchases, refunds and write-offs that make up the balance", async () => {
    const { statements } = scene.ledger;
    const statement = await statements.account({ address: alice.address, ...EVER });
    expect(statement.requests.map(({ requestedMicros }) => requestedMicros)).to.include(200_000n);
    expect(statement.refunds.length).to.be.greaterThan(0);
    expect(
      sum(statement.purchases.map(({ amountMicros }) => amountMicros)) +
        sum(statement.writeOffs.map(({ amountMicros }) => amountMicros)) -
        sum(statement.refunds.map(({ amountMicros }) => amountMicros)) -
        sum(statement.days.map(({ amountMicros }) => amountMicros)),
    ).to.equal(statement.closingMicros);
    const ofBob = await statements.account({ address: bob.address, ...EVER });
    const ofOperator = await statements.account({ address: operator.address, ...EVER });
    expect(sum(ofBob.writeOffs.map(({ amountMicros }) => amountMicros)) > 0n).to.equal(true);
    expect(ofOperator.writeOffs.map(({ amountMicros }) => -amountMicros)).to.deep.equal(
      ofBob.writeOffs.map(({ amountMicros }) => amountMicros),
    );
  });

  it("list what the chain settled, each without what was settled before", async () => {
    const { statements, database } = scene.ledger;
    const [row] = await database.query<{ earned: bigint; at: Date; epoch: bigint }>(
      "select earned, epoch, recorded_at as at from settled_rows where party = $1",
      [bytea(provider.address)],
    );
    if (row === undefined) throw new Error("the provider's row was settled");
    await scene.ledger.chainEvents({
      type: "row_settled",
      party: provider.address,
      epoch: row.epoch + 1n,
      spent: 0n,
      refunded: 0n,
      earned: row.earned + 7n,
    });
    const all = await statements.provider({ address: provider.address, ...EVER });
    const earned = all.settlements.map(({ earnedMicros }) => earnedMicros);
    expect(earned).to.deep.equal([row.earned, 7n]);
    expect(all.settled?.earned).to.equal(sum(earned));
    expect(all.settlementsSince).to.equal(null);
    const until = { address: provider.address, ...EVER, to: new Date(row.at.getTime() + 1) };
    expect((await statements.provider(until)).settlements).to.have.length(1);

    // As in a ledger that began to keep them after the first one.
    const begunAt = new Date(row.at.getTime() + 1);
    await database.query(
      "insert into chain_history_start (block_number, begun_at) values (1, $1)",
      [begunAt],
    );
    const later = await statements.provider({ address: provider.address, ...EVER });
    expect(later.settlements.map(({ earnedMicros }) => earnedMicros)).to.deep.equal([7n]);
    expect(later.settlementsSince).to.deep.equal(begunAt);
    await database.query("delete from chain_history_start");
  });

  it("know no balance of before the first purchase with a time, if one has none", async () => {
    const { statements, database } = scene.ledger;
    const [first, second] = await database.query<{ at: Date; block: bigint }>(
      `select recorded_at as at, block_number as block from purchases where account = $1
       order by block_number`,
      [bytea(alice.address)],
    );
    if (first === undefined || second === undefined) throw new Error("alice bought twice");
    await database.query("update purchases set recorded_at = null where block_number = $1", [
      first.block,
    ]);
    const early = await statements.account({ address: alice.address, ...EVER });
    expect(early).to.include({ openingMicros: null, closingMicros: null, reconciles: true });
    const { unspent } = await balanceOf(alice.address);
    const later = await statements.account({ address: alice.address, ...EVER, from: second.at });
    expect(later).to.include({ closingMicros: unspent, reconciles: true });
  });

  it("do not reconcile once a balance differs from its movements by one micro-credit", async () => {
    const { statements, database } = scene.ledger;
    await database.query("update accounts set spent = spent + 1 where address = $1", [
      bytea(alice.address),
    ]);
    const statement = await statements.account({ address: alice.address, ...EVER });
    expect(statement.reconciles).to.equal(false);
  });
});
