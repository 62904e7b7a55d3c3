import { expect } from "chai";

import { createAuditor } from "../../auditor/auditor.ts";
import { AuditState } from "../../auditor/replay/auditState.ts";
import { createChainStore } from "../../auditor/store/chainStore.ts";
import { readStateVersion } from "../../auditor/store/cutStore.ts";
import { noSubjects } from "../../auditor/store/subjects.ts";
import { loadState, loadSubjects } from "../../auditor/store/loadState.ts";
import { auditCut } from "../../auditor/work/auditCut.ts";
import { KeptState } from "../../auditor/work/keptState.ts";
import { ledgerLog } from "../../scripts/local/ledgerLog.ts";
import { indexNextBlocks } from "@compute-credits/platform/chain/indexer";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { type Scene, openAudited, person } from "../fixtures/audited.ts";
import { databaseKinds } from "../fixtures/databases.ts";
import { deployment } from "../fixtures/ledger.ts";

const alice = person("alice");
const bob = person("bob");
const provider = person("provider");

/** The database, and the statements that it was sent. */
function counted(database: Database): { database: Database; statements: string[] } {
  const statements: string[] = [];
  const on = (sql: Sql): Sql => ({
    query: (text, values) => {
      statements.push(text);
      return sql.query(text, values);
    },
  });
  return {
    statements,
    database: {
      ...database,
      ...on(database),
      transaction: (work, options) =>
        database.transaction((tx) => work({ ...tx, ...on(tx) }), options),
    },
  };
}

for (const kind of databaseKinds) {
  describe(`the state that an auditor keeps between two checkpoints, on ${kind.name}`, () => {
    let stage: Awaited<ReturnType<typeof openAudited>>;
    let scene: Scene;
    const from = provider.address;

    before(async () => {
      stage = await openAudited(kind);
    });
    after(() => stage.close());
    beforeEach(async () => {
      scene = await stage.begin();
    });

    /** Another auditor process on the same database. */
    function anotherAuditor(database = scene.database) {
      const announced = { deployment, deploymentBlock: null, feeBps: 0n, maxQuoteSeconds: 3_600 };
      const source = ledgerLog(scene.ledger.database, announced, 7);
      return createAuditor({ ...scene.deps, database, source, signers: null });
    }

    /** Cuts a checkpoint, which becomes final. */
    async function cut() {
      await scene.finalise(await scene.cut());
    }

    async function spenderOf(owner: typeof alice) {
      const { spender } = (await scene.allow(owner)).message;
      await scene.ledger.grantAccess(spender, from);
      return spender;
    }

    it("when the next checkpoint needs the same allowances, does not load them again", async () => {
      const { database, statements } = counted(scene.database);
      const auditor = anotherAuditor(database);
      const loads = () => statements.filter((text) => text.includes("from allowances")).length;
      await scene.buy(alice, 1_000n);
      const spender = await spenderOf(alice);
      await scene.use({ provider: from, spender });
      await cut();
      expect(await auditor.step()).to.equal("done");
      const before = loads();
      expect(before).to.be.above(0);
      await scene.use({ provider: from, spender });
      await cut();
      expect(await auditor.step()).to.equal("done");
      expect(loads()).to.equal(before);
    });

    it("when another process has audited a checkpoint since, loads its state", async () => {
      await scene.buy(alice, 1_000n);
      await scene.buy(bob, 1_000n);
      const first = await scene.allow(alice, { limit: 10n, priority: 1 });
      const { spender } = first.message;
      await scene.ledger.grantAccess(spender, from);
      await scene.allow(bob, { spender });
      await scene.use({ provider: from, spender, quantity: 1n });
      await cut();
      expect(await scene.audit()).to.deep.equal([]);

      await scene.use({ provider: from, spender, quantity: 8n });
      await cut();
      expect(await anotherAuditor().step()).to.equal("done");

      // Alice's allowance has 1 left, and bob's pays the rest. By the older state it has 9 left.
      await scene.use({ provider: from, spender, quantity: 5n });
      await cut();
      expect(await scene.audit()).to.deep.equal([]);
      expect((await scene.ledger.accounts.balance(bob.address)).spent).to.equal(4n);
    });

    it("when a checkpoint was refused, keeps nothing of what it replayed", async () => {
      await scene.buy(alice, 1_000n);
      const { spender, account } = (await scene.allow(alice, { limit: 10n })).message;
      await scene.ledger.grantAccess(spender, from);
      await scene.use({ provider: from, spender, quantity: 1n });
      await cut();
      let lies = false;
      const audit = () =>
        scene.audit((source) => ({
          ...source,
          cuts: async (after) =>
            (await source.cuts(after)).map((each) => {
              const { message } = each;
              const spent = lies && message.epoch === 2n ? message.spent + 1n : message.spent;
              return { ...each, message: { ...message, spent } };
            }),
        }));
      expect(await audit()).to.deep.equal([]);

      await scene.use({ provider: from, spender, quantity: 2n });
      await cut();
      lies = true;
      expect((await audit()).map((finding) => finding.kind)).to.include("wrong_totals");
      // Replayed twice on one state, it would be counted twice.
      lies = false;
      expect(await audit()).to.deep.equal([]);
      expect((await scene.ledger.accounts.balance(account)).spent).to.equal(3n);
    });

    it("is what a new process would load", async () => {
      const kept = new KeptState();
      const announced = { deployment, deploymentBlock: null, feeBps: 0n, maxQuoteSeconds: 3_600 };
      const source = ledgerLog(scene.ledger.database, announced, 7);
      const { chain, terms } = scene.deps;
      await scene.buy(alice, 1_000n);
      await scene.buy(bob, 1_000n);
      const spender = await spenderOf(alice);
      const second = await scene.allow(bob, { spender, period: 60n, limit: 90n });
      await scene.use({ provider: from, spender });
      await cut();
      await scene.audit();
      const deps = { database: scene.database, source, chain, terms, kept };
      await scene.revoke(bob, second);
      await scene.allow(bob, { spender, priority: 2 });
      await scene.use({ provider: from, spender, quantity: 3n });
      await cut();
      const newest = (await source.cuts(0n)).at(-1);
      if (newest === undefined) throw new Error("there is no checkpoint");
      await indexNextBlocks(scene.deps.chainSource, createChainStore(scene.database));
      expect(await auditCut(deps, newest)).to.deep.equal([]);

      const state = kept.take(await readStateVersion(scene.database));
      const loaded = await loadState(scene.database);
      const subjects = noSubjects();
      subjects.spenders.add(spender);
      subjects.access.add(spender, from);
      await loadSubjects(scene.database, loaded, { subjects, cut: 3n, counts: () => true });
      expect(state).to.be.instanceOf(AuditState);
      expect(state?.ofSpender(spender)).to.have.length(3);
      expect(new Map(state?.allowances)).to.deep.equal(new Map(loaded.allowances));
      expect(state?.access.get(spender, from)).to.deep.equal(loaded.access.get(spender, from));
      expect([...(state?.acceptances.values() ?? [])]).to.have.deep.members([
        ...loaded.acceptances.values(),
      ]);
      for (const each of ["parties", "events", "holds", "tiers", "receipts", "cards"] as const) {
        expect(state?.[each].size, each).to.equal(0);
      }
    });
  });
}
