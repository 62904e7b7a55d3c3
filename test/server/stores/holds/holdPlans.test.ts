import { expect } from "chai";
import type { Hex } from "viem";

import type { Database, Transaction } from "@compute-credits/platform/postgres/database";
import { createHoldStore } from "../../../../server/stores/holds/postgresHoldStore.ts";
import { createPriceReader } from "../../../../server/stores/pricing/priceReader.ts";
import { createRateIndexCache } from "../../../../server/stores/pricing/rateIndexCache.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { RULES, openLedger, party } from "../../../fixtures/ledger.ts";
import { explaining, keysOf } from "../../../fixtures/plans.ts";

const BIG_TABLES = [
  "accounts",
  "signed_allowances",
  "allowance_usage",
  "debits",
  "provider_access",
  "holds",
  "open_holds",
  "hold_lots",
  "hold_parts",
  "hold_extensions",
  "captures",
];
/** More than the ten for which PostgreSQL would cache a generic plan. */
const ACCOUNTS = 11;
const provider = party(1_000);

/**
 * Watches the transactions of groups. What they send with the commit runs just before it, where its
 * plan can be seen. Other statements read one hold, by the planner's choice.
 */
function watchGroups(database: Database, watched: Database): Database {
  return {
    ...database,
    transaction(work, options) {
      if (options?.nestedLoopPlan !== true) return database.transaction(work, options);
      return watched.transaction(async (tx) => {
        const writes: (readonly [text: string, values: readonly unknown[]])[] = [];
        const early: Transaction = {
          ...tx,
          withCommit: (text, values) => void writes.push([text, values]),
        };
        const answer = await work(early);
        for (const [text, values] of writes) {
          // oxlint-disable-next-line no-await-in-loop -- in the order of the log
          await tx.query(text, values);
        }
        return answer;
      }, options);
    },
  };
}

for (const { name, open } of databaseKinds) {
  describe(`plans of holds on ${name}`, () => {
    it("find every row by an index, for one line and for several, remembered or not", async () => {
      const ledger = await openLedger(await open());
      try {
        const spenders: Hex[] = [];
        for (let n = 0; n < ACCOUNTS; n++) {
          // oxlint-disable-next-line no-await-in-loop -- blocks come one after the other
          await ledger.purchase(party(n), "1");
          // oxlint-disable-next-line no-await-in-loop -- each for the next account
          const { message } = await ledger.allow(party(n));
          // oxlint-disable-next-line no-await-in-loop -- and its spender
          await ledger.grantAccess(message.spender, provider);
          spenders.push(message.spender);
        }
        const work = { meter: "units", dimensions: {}, quantity: 5n };
        const lines = ["gpu", "disk"].map((line) => ({ ...work, line }));
        const keys = spenders.map((_, n) => ({ provider, id: `plan-${n}` }));
        const requestOf = (n: number) => {
          const terms = { provider, id: `plan-${n}`, spender: spenders[n] ?? "0x", ttlSeconds: 60 };
          return n % 2 === 0 ? { ...terms, ...work } : { ...terms, lines };
        };
        await Promise.all(keys.map((_, n) => ledger.holds.authorize(requestOf(n))));
        for (const key of keys) {
          const line = { line: key.id.endsWith("0") ? "main" : "gpu", quantity: 1n };
          // oxlint-disable-next-line no-await-in-loop -- so that the table of debits is not empty
          await ledger.holds.capture({ ...key, ...line, eventId: `${key.id}/0`, final: false });
        }
        await ledger.database.script("analyze");

        const { database, takePlans } = explaining(ledger.database);
        const newStore = () =>
          createHoldStore(
            watchGroups(ledger.database, database),
            { feeBps: RULES.feeBps, maxOpenHolds: 5 },
            createPriceReader(createRateIndexCache()),
          );
        const store = newStore();
        const more = { extensionId: "more", ttlSeconds: 90 };
        for (const [n, key] of keys.slice(0, 2).entries()) {
          const line = n % 2 === 0 ? "main" : "gpu";
          const captured = { ...key, line, quantity: 1n, final: false };
          // oxlint-disable no-await-in-loop -- one after the other
          expect(await store.authorize(requestOf(n))).to.include({ repeated: true });
          // The first is read, the second remembered.
          await store.capture({ ...captured, eventId: `${key.id}/1` });
          await store.capture({ ...captured, eventId: `${key.id}/2` });
          await store.extend({ ...key, ...more, lines: [{ line, quantity: 1n }] });
          await newStore().capture({ ...captured, eventId: `${key.id}/3`, final: true });
          await newStore().release(keys[n + 4] ?? key);
          await store.authorize({ ...requestOf(n), id: `${key.id} again` });
          // oxlint-enable no-await-in-loop
        }

        const nodes = takePlans();
        expect(keysOf(nodes)).to.include.members([
          "accounts_pkey",
          "allowance_usage_pkey",
          "holds_pkey",
          "hold_lots_pkey",
          "hold_parts_pkey",
          "hold_extensions_pkey",
          "debits_pkey",
        ]);
        const whole = nodes
          .filter((node) => node["Node Type"].endsWith("Seq Scan"))
          .map((node) => node["Relation Name"] ?? "");
        expect(whole.filter((table) => BIG_TABLES.includes(table))).to.deep.equal([]);
        const types = nodes.map((node) => node["Node Type"]);
        expect(types.filter((type) => /^(Hash|Merge) Join$/.test(type))).to.deep.equal([]);
      } finally {
        await ledger.database.close();
      }
    });
  });
}
