import { expect } from "chai";
import * as fc from "fast-check";

import { commitToRows } from "@compute-credits/protocol/data/checkpointData";
import type { Row } from "@compute-credits/protocol/tree/row";
import { buildTree } from "@compute-credits/protocol/tree/tree";
import type { StoredCheckpoint } from "../../../../server/stores/checkpoints/checkpointStore.ts";
import type { Database } from "@compute-credits/platform/postgres/database";
import {
  currentNumbers,
  dropped,
  payer,
  spendDirectly,
  submitted,
} from "../../../fixtures/bareRows.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, emptyLedger } from "../../../fixtures/ledger.ts";
import { repeated } from "../../../fixtures/effort.ts";

for (const { name, open } of databaseKinds) {
  describe(`stored tree on ${name}`, () => {
    let database: Database;
    let ledger: Ledger;

    before(async () => {
      database = await open();
    });
    beforeEach(async () => {
      ledger = await emptyLedger(database);
    });
    after(() => database.close());

    async function cut(): Promise<StoredCheckpoint> {
      const checkpoint = await ledger.checkpoints.cut(1_000n);
      if (checkpoint === null) throw new Error("nothing was cut");
      return checkpoint;
    }

    /**
     * Checks that a checkpoint's rows match all balances, and that root, data hash and proofs match
     * the rows.
     */
    async function holdsEverything(checkpoint: StoredCheckpoint): Promise<readonly Row[]> {
      const rows = await ledger.checkpoints.rows(checkpoint.id);
      const numbers = await currentNumbers(ledger);
      expect(rows.filter(({ spent, earned }) => spent + earned > 0n)).to.have.length(numbers.size);
      for (const row of rows) {
        const none = { party: row.party, spent: 0n, refunded: 0n, earned: 0n };
        expect(row).to.deep.equal(numbers.get(row.party) ?? none);
      }
      await commitsTo(checkpoint, rows);
      return rows;
    }

    async function commitsTo(
      { id, message, partyCount }: StoredCheckpoint,
      rows: readonly Row[],
    ): Promise<void> {
      const { root, dataHash } = message;
      expect({ root, dataHash }).to.deep.equal(commitToRows(rows));
      expect(partyCount).to.equal(rows.length);
      const tree = buildTree(rows);
      const step = Math.ceil(rows.length / 40);
      const places = [...rows.keys()].filter((place) => place % step === 0);
      const wanted = places.flatMap((place) => rows.slice(place, place + 1));
      const proven = await ledger.checkpoints.proofs(
        id,
        wanted.map(({ party }) => party),
      );
      expect(proven).to.deep.equal(
        places.map((place, index) => ({ row: wanted[index], proof: tree.proof(place) })),
      );
    }

    it("equals a freshly built tree at every size at which a page or a level begins", async () => {
      let known = 0;
      let previous: { checkpoint: StoredCheckpoint; rows: readonly Row[] } | null = null;
      // One row is the provider's.
      for (const size of [1, 2, 15, 16, 17, 31, 255, 256, 257, 4_095, 4_096, 4_097, 4_100]) {
        const added = size - 1 - known;
        await spendDirectly(ledger, { from: known, count: Math.max(added, 1), amount: 7n });
        known = Math.max(known + added, 1);
        const checkpoint = await cut();
        const rows = await holdsEverything(checkpoint);
        // The previous final checkpoint can still be proved while this one is pending.
        if (previous !== null) await commitsTo(previous.checkpoint, previous.rows);
        await submitted(ledger, checkpoint);
        previous = { checkpoint, rows };
      }
    });

    it("stays right after changes, new parties, drops and idle cuts in any order", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.record({
              from: fc.nat(300),
              count: fc.integer({ min: 1, max: 60 }),
              isDropped: fc.boolean(),
            }),
            { minLength: 2, maxLength: 6 },
          ),
          async (steps) => {
            ledger = await emptyLedger(database);
            let final: { checkpoint: StoredCheckpoint; rows: readonly Row[] } | null = null;
            for (const { from, count, isDropped } of steps) {
              await spendDirectly(ledger, { from, count, amount: 3n });
              const checkpoint = await cut();
              const rows = await holdsEverything(checkpoint);
              if (final !== null) await commitsTo(final.checkpoint, final.rows);
              await submitted(ledger, checkpoint, isDropped ? new Date(9e12) : new Date(0));
              if (isDropped) await dropped(ledger, checkpoint);
              else final = { checkpoint, rows };
            }
          },
        ),
        { numRuns: repeated(6) },
      );
    });

    it("keeps the place of a party from a dropped checkpoint, even if its row is empty", async () => {
      await spendDirectly(ledger, { from: 1, count: 3, amount: 5n });
      const first = await cut();
      await submitted(ledger, first, new Date(9e12));
      await dropped(ledger, first);
      // Like a void, which is allowed because only a dropped checkpoint contains the debit.
      await database.query("update accounts set spent = 0 where address = $1", [
        `\\x${payer(2).slice(2)}`,
      ]);
      await database.query("update earnings set earned = earned - 5");
      const rows = await holdsEverything(await cut());
      expect(rows.map(({ spent }) => spent)).to.have.members([0n, 0n, 5n, 5n]);
    });

    for (const [what, harm] of [
      [
        "is damaged",
        "update tree_pages set nodes = decode(repeat('00', 512), 'hex') where level = 0",
      ],
      ["is missing", "delete from tree_pages where level = 0 and page = 1"],
      ["is missing altogether", "delete from tree_pages"],
      [
        "is another page",
        `update tree_pages t set nodes = o.nodes from tree_pages o where t.level = 0 and o.level = 0
           and t.page = 0 and o.page = 1`,
      ],
      [
        "is damaged at the top",
        "update tree_pages set nodes = decode(repeat('11', 512), 'hex') where level = 1",
      ],
    ] as const) {
      it(`is rebuilt from the rows if a page ${what}`, async () => {
        await spendDirectly(ledger, { from: 1, count: 60, amount: 5n });
        const first = await cut();
        const rows = await holdsEverything(first);
        await submitted(ledger, first);
        await database.script(harm);
        await commitsTo(first, rows);

        await spendDirectly(ledger, { from: 10, count: 30, amount: 5n });
        const second = await cut();
        await holdsEverything(second);
        await submitted(ledger, second);
        await spendDirectly(ledger, { from: 1, count: 1, amount: 5n });
        await holdsEverything(await cut());
      });
    }

    it("is not cut on top of rows that were changed after their checkpoint", async () => {
      await spendDirectly(ledger, { from: 1, count: 20, amount: 5n });
      const first = await cut();
      await submitted(ledger, first);
      await database.script(
        "update checkpoint_rows set spent = spent - 1 where place = 3; delete from tree_pages",
      );
      await spendDirectly(ledger, { from: 7, count: 1, amount: 5n });
      const failure = await ledger.checkpoints.cut(1_000n).catch(String);
      expect(failure).to.include("do not lead to its root");
      expect(failure).to.include("were changed after it was cut");
      const unproven = await ledger.checkpoints.proofs(first.id, [payer(1)]).catch(String);
      expect(unproven).to.include("do not lead to its root");
    });

    it("keeps the pages of the last two checkpoints only", async () => {
      const ids: bigint[] = [];
      for (let n = 0; n < 5; n++) {
        await spendDirectly(ledger, { from: 1, count: 20, amount: 1n });
        const checkpoint = await cut();
        ids.push(checkpoint.id);
        await submitted(ledger, checkpoint);
      }
      const [checkpoint_before, checkpoint] = ids.slice(-2);
      const page = { checkpoint, checkpoint_before };
      expect(
        await database.query("select checkpoint, checkpoint_before from tree_pages"),
      ).to.deep.equal([page, page, page]);
    });

    it("keeps the pages of the final checkpoint if many later ones are dropped", async () => {
      await spendDirectly(ledger, { from: 1, count: 40, amount: 5n });
      const final = await cut();
      const rows = await holdsEverything(final);
      await submitted(ledger, final);
      for (let n = 0; n < 3; n++) {
        await spendDirectly(ledger, { from: 1, count: 3, amount: 5n });
        const later = await cut();
        await submitted(ledger, later, new Date(9e12));
        await dropped(ledger, later);
      }
      // Damages the rows, so that only a proof from the stored pages can be right.
      await database.script("update checkpoint_rows set spent = spent + 1 where place > 20");
      const undamaged = rows.slice(0, 21);
      const proven = await ledger.checkpoints.proofs(
        final.id,
        undamaged.map(({ party }) => party),
      );
      const tree = buildTree(rows);
      expect(proven).to.deep.equal(
        undamaged.map((row, place) => ({ row, proof: tree.proof(place) })),
      );
    });

    it("proves nothing for a party without a row", async () => {
      await spendDirectly(ledger, { from: 1, count: 2, amount: 1n });
      const { id } = await cut();
      const proven = await ledger.checkpoints.proofs(id, [payer(99), payer(2)]);
      expect(proven.map(({ row }) => row.party)).to.deep.equal([payer(2)]);
      expect(await ledger.checkpoints.proofs(id, [])).to.deep.equal([]);
    });
  });
}
