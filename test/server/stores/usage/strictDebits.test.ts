import { expect } from "chai";
import type { Hex } from "viem";

import { parseCredits } from "@compute-credits/protocol/amounts";
import { available } from "@compute-credits/rules/accounts/account";
import { createPriceReader } from "../../../../server/stores/pricing/priceReader.ts";
import { createRateIndexCache } from "../../../../server/stores/pricing/rateIndexCache.ts";
import { createUsageLedger } from "../../../../server/stores/usage/postgresUsageLedger.ts";
import type { Database } from "@compute-credits/platform/postgres/database";
import { bothDatabases } from "../../../fixtures/databases.ts";
import { type Ledger, RULES, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";

const provider = party(1_000);

for (const { name, open } of bothDatabases) {
  describe(`strict debits on ${name}`, () => {
    let ledger: Ledger;

    before(async () => {
      ledger = await openLedger(await open());
    });
    after(() => ledger.database.close());

    context("when 50 writers spend one account at once", () => {
      it("debits exactly the purchase and refuses the rest", async () => {
        const account = party(1);
        await ledger.purchase(account, "100");
        const { message } = await ledger.allow(account);
        await ledger.grantAccess(message.spender, provider);

        // 50 writers × 5 batches × 3 events of 0.2 credits: 150 credits of demand for 100 credits.
        const outcomes = await Promise.all(
          Array.from({ length: 50 }, async () => {
            const results = [];
            for (let batch = 0; batch < 5; batch++) {
              const events = Array.from({ length: 3 }, () =>
                usageEvent({ provider, spender: message.spender, quantity: 200_000n }),
              );
              results.push(...(await ledger.usage.record(events)));
            }
            return results;
          }),
        );

        const all = outcomes.flat();
        const debited = all.filter(({ result }) => result === "debited");
        expect(all).to.have.length(750);
        expect(debited).to.have.length(500);
        for (const outcome of all) {
          if (outcome.result === "refused")
            expect(outcome.refusal.reason).to.equal("insufficient_credits");
        }

        const balance = await ledger.accounts.balance(account);
        expect(balance.spent).to.equal(parseCredits("100"));
        expect(available(balance)).to.equal(0n);
        const [sums] = await ledger.database.query<{ amount: bigint; events: bigint }>(
          "select sum(amount_micros) as amount, count(*) as events from debits where account = $1",
          [`\\x${account.slice(2)}`],
        );
        expect(sums).to.deep.equal({ amount: parseCredits("100"), events: 500n });
        const earned = (await ledger.accounts.balance(provider)).earned;
        expect(earned).to.equal(parseCredits("98"));
      });
    });

    context("when many writers report the same events at once", () => {
      it("debits each once and returns the same outcome to all", async () => {
        const account = party(2);
        await ledger.purchase(account, "10");
        const { message } = await ledger.allow(account);
        await ledger.grantAccess(message.spender, provider);
        const events = Array.from({ length: 5 }, () =>
          usageEvent({ provider, spender: message.spender, quantity: 1_000_000n }),
        );

        const answers = await Promise.all(
          Array.from({ length: 20 }, () => ledger.usage.record(events)),
        );

        const firsts = answers
          .flat()
          .filter((outcome) => outcome.result === "debited" && !outcome.repeated);
        expect(firsts).to.have.length(5);
        for (const answer of answers) {
          expect(answer.map(({ result }) => result)).to.deep.equal(Array(5).fill("debited"));
        }
        expect((await ledger.accounts.balance(account)).spent).to.equal(parseCredits("5"));
      });
    });

    context("when one event id is reported for several spenders at once", () => {
      it("debits one of them and refuses the others as conflicts", async () => {
        const spenders: `0x${string}`[] = [];
        for (let n = 0; n < 10; n++) {
          await ledger.purchase(party(10 + n), "1");
          const { message } = await ledger.allow(party(10 + n));
          await ledger.grantAccess(message.spender, provider);
          spenders.push(message.spender);
        }
        const answers = await Promise.all(
          spenders.map((spender) =>
            ledger.usage.record([usageEvent({ provider, spender, id: "shared", quantity: 7n })]),
          ),
        );

        const reasons = answers
          .flat()
          .map((outcome) => (outcome.result === "refused" ? outcome.refusal.reason : "debited"));
        expect(reasons).to.have.members([...Array(9).fill("event_id_conflict"), "debited"]);
        const balances = await Promise.all(
          spenders.map((_, n) => ledger.accounts.balance(party(10 + n))),
        );
        expect(balances.reduce((sum, { spent }) => sum + spent, 0n)).to.equal(7n);
      });
    });

    context("when many writers spend the same accounts in different orders", () => {
      it("debits everything without a deadlock", async () => {
        const clashes: unknown[] = [];
        const usage = createUsageLedger(
          failing(ledger.database, (error) => clashes.push(error)),
          RULES,
          createPriceReader(createRateIndexCache()),
        );
        const spenders: Hex[] = [];
        for (let n = 0; n < 40; n++) {
          await ledger.purchase(party(100 + n), "1");
          const { message } = await ledger.allow(party(100 + n));
          await ledger.grantAccess(message.spender, provider);
          spenders.push(message.spender);
        }
        const answers = await Promise.all(
          Array.from({ length: 12 }, async (_, writer) => {
            const outcomes = [];
            for (let batch = 0; batch < 6; batch++) {
              // Each writer starts at another account, and every other one runs backwards.
              const turned = [...spenders.slice(writer * 3), ...spenders.slice(0, writer * 3)];
              const order = writer % 2 === 0 ? turned : turned.toReversed();
              outcomes.push(
                ...(await usage.record(order.map((spender) => usageEvent({ provider, spender })))),
              );
            }
            return outcomes;
          }),
        );
        expect(answers.flat().filter(({ result }) => result !== "debited")).to.deep.equal([]);
        expect(clashes).to.deep.equal([]);
        for (let n = 0; n < 40; n++) {
          expect((await ledger.accounts.balance(party(100 + n))).spent).to.equal(72n);
        }
      });
    });
  });
}

/** Wraps a database to record every failed transaction. */
function failing(database: Database, tell: (error: unknown) => void): Database {
  return {
    ...database,
    async transaction(work, options) {
      try {
        return await database.transaction(work, options);
      } catch (error) {
        tell(error);
        throw error;
      }
    },
  };
}
