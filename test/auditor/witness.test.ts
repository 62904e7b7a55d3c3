import { expect } from "chai";

import type { LogSource } from "../../auditor/log/logSource.ts";
import { type Disguise, type Scene, openAudited, person } from "../fixtures/audited.ts";
import { databaseKinds } from "../fixtures/databases.ts";

const alice = person("alice");
const provider = person("provider");

for (const kind of databaseKinds) {
  describe(`what an auditor has seen before a checkpoint holds it, on ${kind.name}`, () => {
    let stage: Awaited<ReturnType<typeof openAudited>>;
    let scene: Scene;
    let hidesCuts: boolean;
    let use: (quantity: bigint) => Promise<{ readonly id: string }>;

    /** Shows no checkpoint for a while: they take time to publish. */
    const withoutCuts: Disguise = (source) => ({
      ...source,
      cuts: async (after) => (hidesCuts ? [] : await source.cuts(after)),
    });

    before(async () => {
      stage = await openAudited(kind);
    });
    after(() => stage.close());
    beforeEach(async () => {
      scene = await stage.begin();
      hidesCuts = false;
      await scene.buy(alice, 1_000n);
      const { spender } = (await scene.allow(alice)).message;
      await scene.ledger.grantAccess(spender, provider.address);
      use = (quantity) => scene.use({ provider: provider.address, spender, quantity });
    });

    /** How many entries are recorded: in pages, and by name. */
    async function recorded(): Promise<{ inPages: bigint; named: bigint }> {
      const [found] = await scene.database.query<{ inPages: bigint; named: bigint }>(
        `select (select coalesce(sum(entry_count), 0) from witnessed_pages) as "inPages",
           (select count(*) from witnessed) as named`,
      );
      if (found === undefined) throw new Error("nothing was counted");
      return found;
    }

    async function foundEvents() {
      const findings = await scene.audit();
      return findings.map(({ kind: found, event }) => ({ kind: found, id: event?.id }));
    }

    it("is recorded once, and deleted with the checkpoint that holds it", async () => {
      for (let events = 0; events < 20; events++) {
        // oxlint-disable-next-line no-await-in-loop -- in order, over several pages
        await use(1n);
        // oxlint-disable-next-line no-await-in-loop
        if (events % 6 === 0) await scene.audit();
      }
      await scene.audit();
      expect(await recorded()).to.deep.equal({ inPages: 20n, named: 0n });
      await scene.cut();
      expect(await scene.audit()).to.deep.equal([]);
      expect(await recorded()).to.deep.equal({ inPages: 0n, named: 0n });
    });

    it("is kept for the next checkpoint if this one is older", async () => {
      hidesCuts = true;
      await scene.audit(withoutCuts);
      await use(1n);
      const first = await scene.cut();
      const { id } = await use(2n);
      await scene.audit();
      const pages = await scene.database.query("select from witnessed_pages");
      expect(pages).to.have.length(1);
      expect(await recorded()).to.deep.equal({ inPages: 2n, named: 0n });
      hidesCuts = false;
      expect(await scene.audit()).to.deep.equal([]);
      expect(await recorded()).to.deep.equal({ inPages: 1n, named: 0n });
      await scene.finalise(first);

      await scene.ledger.database.query("delete from debits where event_id = $1", [id]);
      await scene.ledger.database.script(
        "update accounts set spent = spent - 2; update earnings set earned = earned - 2",
      );
      await use(4n);
      await scene.audit();
      await scene.cut();
      expect(await foundEvents()).to.deep.equal([{ kind: "event_dropped", id }]);
    });

    it("is found changed although its new place is in a checkpoint before it", async () => {
      const { id: early } = await use(1n);
      hidesCuts = true;
      await scene.audit(withoutCuts);
      await scene.cut();
      const { id } = await use(2n);
      await scene.audit();
      hidesCuts = false;
      await scene.ledger.database.query(
        `update debits set transaction_id = earlier.transaction_id
         from debits as earlier where earlier.event_id = $1 and debits.event_id = $2`,
        [early, id],
      );
      expect(await foundEvents()).to.deep.include({ kind: "event_changed", id });
      expect(scene.signatures).to.deep.equal([]);
    });

    it("does not change if reading it was interrupted", async () => {
      for (let events = 0; events < 20; events++) {
        // oxlint-disable-next-line no-await-in-loop -- in order, over several pages
        await use(1n);
      }
      let pages = 0;
      const breaking: Disguise = (source): LogSource => ({
        ...source,
        page: async (...request) => {
          if (++pages === 3) throw new Error("the server does not answer");
          return await source.page(...request);
        },
      });
      const error = await scene.audit(breaking).catch((cause: unknown) => cause);
      expect(String(error)).to.include("the server does not answer");
      // A page that came after it would be read again; one that came before it is not.
      const { inPages } = await recorded();
      expect(inPages > 0n && inPages < 20n).to.equal(true);
      await use(1n);
      await scene.audit();
      await scene.audit();
      expect(await recorded()).to.deep.equal({ inPages: 21n, named: 0n });
      await scene.cut();
      expect(await scene.audit()).to.deep.equal([]);
      expect(await recorded()).to.deep.equal({ inPages: 0n, named: 0n });
    });

    it("does not include what a checkpoint held before the auditor came back", async () => {
      await use(1n);
      await scene.audit();
      await use(2n);
      const first = await scene.cut();
      await scene.finalise(first);
      await use(4n);
      scene.restart();
      expect(await scene.audit()).to.deep.equal([]);
      expect(await recorded()).to.deep.equal({ inPages: 1n, named: 0n });
      await scene.cut();
      expect(await scene.audit()).to.deep.equal([]);
      expect(await recorded()).to.deep.equal({ inPages: 0n, named: 0n });
    });

    it("is found changed although the checkpoint that holds it came before", async () => {
      await use(1n);
      hidesCuts = true;
      await scene.audit(withoutCuts);
      const { id } = await use(2n);
      await scene.cut();
      await use(3n);
      await scene.audit();
      hidesCuts = false;
      await scene.ledger.database.query(
        "update debits set occurred_at = occurred_at - interval '1 second' where event_id = $1",
        [id],
      );
      expect(await foundEvents()).to.deep.equal([{ kind: "event_changed", id }]);
      expect(scene.signatures).to.deep.equal([]);
    });
  });
}
