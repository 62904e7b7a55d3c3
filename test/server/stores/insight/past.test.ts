import { expect } from "chai";
import * as fc from "fast-check";
import type { Address } from "viem";

import { readClock } from "@compute-credits/platform/postgres/clock";
import type { Database } from "@compute-credits/platform/postgres/database";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { owedBy } from "@compute-credits/rules/insight/liability";
import {
  type PastVault,
  reconcilePast,
  vaultBefore,
} from "@compute-credits/rules/insight/pastVault";
import type { PoolTotals } from "@compute-credits/rules/insight/vaultTotals";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { LedgerReport } from "../../../../server/stores/insight/reportStore.ts";
import type { PastLedger } from "../../../../server/stores/insight/pastStore.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { repeated } from "../../../fixtures/effort.ts";
import { type Ledger, emptyLedger, party, usageEvent } from "../../../fixtures/ledger.ts";

const [alice, bob, provider] = [party(1), party(2), party(3)];
const NOTHING: PoolTotals = { spent: 0n, refunded: 0n, earned: 0n };
const PRICE = { tokenUnit: 1n, creditMicrosPerToken: 1n };

/** What happens: each does nothing where it cannot. */
const STEPS = ["buy", "spend", "void", "ask", "cut", "drop", "submit", "settle", "claim", "roll"];

interface Moment {
  readonly at: Date;
  readonly report: LedgerReport;
  readonly chain: PastVault;
}

/** A ledger and a chain whose events it reads, step by step. */
class History {
  readonly moments: Moment[] = [];
  readonly #ledger: Ledger;
  #chain: PastVault = { totalSupply: 0n, settled: NOTHING, feesTaken: 0n };
  /** of the newest row that was settled: it was final */
  #settledEpoch = 0n;
  readonly #rows = new Map<Address, PoolTotals>();
  readonly #spenders = new Map<Address, UsageEvent["spender"]>();
  readonly #events: UsageEvent[] = [];

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  async open(): Promise<void> {
    for (const owner of [alice, bob]) {
      // oxlint-disable no-await-in-loop -- one after the other
      await this.#buy(owner, 1_000_000n);
      const { message } = await this.#ledger.allow(owner);
      await this.#ledger.grantAccess(message.spender, provider);
      this.#spenders.set(owner, message.spender);
      // oxlint-enable no-await-in-loop
    }
  }

  async step(step: string, owner: Address, amount: bigint): Promise<void> {
    const ledger = this.#ledger;
    switch (step) {
      case "buy":
        return await this.#buy(owner, amount);
      case "spend": {
        const spender = this.#spenders.get(owner);
        if (spender === undefined) return;
        const event = usageEvent({ provider, spender, quantity: amount });
        const [outcome] = await ledger.usage.record([event]);
        if (outcome?.result === "debited") this.#events.push(event);
        return;
      }
      case "void": {
        const event = this.#events.pop();
        if (event !== undefined) await ledger.usage.void(event);
        return;
      }
      case "ask": {
        const [open] = await ledger.database.query(
          "select from refund_requests where not served limit 1",
        );
        const { purchased, spent } = await ledger.accounts.balance(owner);
        const { refunded } = this.#rows.get(owner) ?? NOTHING;
        const unspentMicros = purchased - refunded;
        if (open !== undefined || amount > unspentMicros - spent) return;
        return await ledger.chainEvents({
          type: "refund_requested",
          account: owner,
          requestedMicros: amount,
          unspentMicros,
          refundedMicros: refunded,
        });
      }
      case "cut":
        await ledger.checkpoints.cut(1_000n);
        return;
      case "submit":
      case "drop": {
        const newest = await ledger.checkpoints.latest();
        if (newest === null || newest.status !== (step === "submit" ? "prepared" : "pending"))
          return;
        const { epoch, root } = newest.message;
        if (step === "drop" && epoch <= this.#settledEpoch) return;
        // Still open when it is submitted, so that it can be dropped; `settle` ends the window.
        const finalAt = new Date(Date.now() + 3_600_000);
        return await ledger.chainEvents(
          step === "submit"
            ? { type: "checkpoint_submitted", epoch, root, finalAt }
            : { type: "checkpoint_dropped", epoch, root },
        );
      }
      case "settle":
        return await this.#settle(owner);
      case "claim": {
        const { spent, earned } = this.#chain.settled;
        const amountMicros = spent - earned - this.#chain.feesTaken;
        if (amountMicros <= 0n) return;
        this.#chain = { ...this.#chain, feesTaken: this.#chain.feesTaken + amountMicros };
        return await ledger.chainEvents({
          type: "fees_claimed",
          recipient: party(9),
          amountMicros,
          tokenAmount: amountMicros,
        });
      }
      default:
        await ledger.rollUps.addNext(3);
    }
  }

  /** Remembers this moment: all that was recorded until now is before it, the rest is not. */
  async remember(): Promise<void> {
    const { database, reports } = this.#ledger;
    const last = await readClock(database);
    let at = last;
    while (at <= last) {
      // oxlint-disable-next-line no-await-in-loop -- until the clock's next millisecond
      at = await readClock(database);
    }
    const report = await reports.report({ from: new Date(0), to: new Date(1), price: PRICE });
    this.moments.push({ at, report, chain: this.#chain });
  }

  get chain(): PastVault {
    return this.#chain;
  }

  async #buy(account: Address, amountMicros: bigint): Promise<void> {
    const { totalSupply } = this.#chain;
    this.#chain = { ...this.#chain, totalSupply: totalSupply + amountMicros };
    const bought = { type: "purchased", account, payer: account, amountMicros } as const;
    await this.#ledger.chainEvents({ ...bought, tokenAmount: amountMicros });
  }

  /** Settles the rows of the payer and the provider of the checkpoint that is submitted. */
  async #settle(payer: Address): Promise<void> {
    const newest = await this.#ledger.checkpoints.latest();
    if (newest?.status !== "pending" && newest?.status !== "final") return;
    const parties = [payer, provider];
    const rows = await this.#ledger.database.query<PoolTotals & { party: Address }>(
      `select distinct on (party) party, spent, refunded, earned from checkpoint_rows
       where checkpoint <= $1 order by party, checkpoint desc`,
      [newest.id],
    );
    for (const row of rows.filter((one) => parties.includes(one.party))) {
      const { party: _, ...settled } = row;
      const before = this.#rows.get(row.party) ?? NOTHING;
      const grown = {
        spent: settled.spent - before.spent,
        refunded: settled.refunded - before.refunded,
        earned: settled.earned - before.earned,
      };
      this.#rows.set(row.party, settled);
      const { totalSupply, settled: all } = this.#chain;
      this.#chain = {
        ...this.#chain,
        totalSupply: totalSupply - grown.spent - grown.refunded,
        settled: {
          spent: all.spent + grown.spent,
          refunded: all.refunded + grown.refunded,
          earned: all.earned + grown.earned,
        },
      };
      const { epoch } = newest.message;
      this.#settledEpoch = epoch;
      // oxlint-disable-next-line no-await-in-loop -- blocks come one after the other
      await this.#ledger.chainEvents({ type: "row_settled", epoch, ...row });
    }
  }
}

function kept(past: Awaited<ReturnType<Ledger["past"]["before"]>>): PastLedger {
  if (!("since" in past)) throw new Error(`the history begins at ${past.begunAt.toISOString()}`);
  return past;
}

for (const { name, open } of databaseKinds) {
  describe(`the ledger's past on ${name}`, () => {
    let database: Database;
    let ledger: Ledger;

    before(async () => (database = await open()));
    beforeEach(async () => (ledger = await emptyLedger(database)));
    after(() => database.close());

    it("is what the report said then, adds up, reconciles, and conserves every credit", async () => {
      const steps = fc.array(
        fc.tuple(
          fc.constantFrom(...STEPS),
          fc.constantFrom(alice, bob),
          fc.bigInt({ min: 1n, max: 400_000n }),
        ),
        { minLength: 10, maxLength: 30 },
      );
      // The order in which a checkpoint is used, so that each run has settlements to speak of.
      const life = ["spend", "ask", "cut", "submit", "settle", "claim"].map(
        (step): [string, Address, bigint] => [step, alice, 50_000n],
      );
      await fc.assert(
        fc.asyncProperty(steps, async (drawn) => {
          ledger = await emptyLedger(database);
          const history = new History(ledger);
          await history.open();
          for (const [step, owner, amount] of [...life, ...drawn, ...life]) {
            // oxlint-disable-next-line no-await-in-loop -- one after the other
            await history.step(step, owner, amount);
            // oxlint-disable-next-line no-await-in-loop -- one after the other
            await history.remember();
          }
          for (const { at, report, chain } of history.moments) {
            // oxlint-disable-next-line no-await-in-loop -- one after the other
            const past = kept(await ledger.past.before(at));
            const { purchased, spent, refunded, earned, settled, newestCheckpoint } = report;
            expect(past).to.deep.include({
              purchased,
              spent,
              refunded,
              earned,
              settled,
              newestCheckpoint,
              addsUp: true,
            });
            const then = vaultBefore(history.chain, past.since);
            expect(then).to.deep.equal(chain);
            const { reconciled, comparisons } = reconcilePast(past, then);
            expect(reconciled, jsonText(comparisons)).to.equal(true);
            const owed = owedBy(past, then.feesTaken);
            expect(owed.total).to.equal(
              purchased - settled.refunded - settled.earned - then.feesTaken,
            );
            for (const amount of Object.values(owed)) expect(amount >= 0n).to.equal(true);
          }
        }),
        { numRuns: repeated(3) },
      );
    });
  });
}
