import { expect } from "chai";

import { COUNTER_GRACE_SECONDS, type Scene, openAudited, person } from "../fixtures/audited.ts";
import { databaseKinds } from "../fixtures/databases.ts";

const alice = person("alice");
const operator = person("operator");
const provider = person("provider");
const TERMS = { counterGraceSeconds: COUNTER_GRACE_SECONDS };

for (const kind of databaseKinds) {
  describe(`an auditor of write-offs on ${kind.name}`, () => {
    let stage: Awaited<ReturnType<typeof openAudited>>;
    let scene: Scene;

    before(async () => {
      stage = await openAudited(kind);
    });
    after(() => stage.close());
    beforeEach(async () => {
      scene = await stage.begin();
    });

    it("reproduces tables before and after a write-off, with drops, new caps and a void refused", async () => {
      const { ledger } = scene;
      await scene.buy(alice, 10_000n);
      await scene.buy(operator, 10_000n);
      await scene.allow(operator, { accountCap: 9_000n });
      const { spender } = (await scene.allow(alice)).message;
      await ledger.grantAccess(spender, provider.address);
      const use = (quantity: bigint) =>
        scene.use({ provider: provider.address, spender, quantity });

      await use(100n);
      const first = await scene.cut();
      expect(await scene.audit()).to.deep.equal([]);
      await scene.finalise(first);

      // Two tables with more of alice's spending are dropped.
      for (const quantity of [30n, 40n]) {
        // oxlint-disable-next-line no-await-in-loop -- a table follows another
        await use(quantity);
        // oxlint-disable-next-line no-await-in-loop
        const dropped = await scene.cut();
        // oxlint-disable-next-line no-await-in-loop
        expect(await scene.audit()).to.deep.equal([]);
        // oxlint-disable-next-line no-await-in-loop
        await scene.dropAt(dropped, new Date((Number(dropped.message.asOf) + 1) * 1_000));
        scene.restart();
      }
      await scene.raiseCounter(alice, 1n, COUNTER_GRACE_SECONDS + 1);
      const { writtenOff } = await ledger.writeOffs.writeOff(operator.address, TERMS);
      expect(writtenOff).to.deep.equal([{ account: alice.address, uncoveredMicros: 70n }]);

      const next = await scene.cut();
      expect(next.message.spent).to.equal(170n);
      expect(await scene.audit()).to.deep.equal([]);
      await scene.finalise(next);

      // Alice goes on under her new counter.
      const again = (await scene.allow(alice, { accountCap: 500n })).message.spender;
      await ledger.grantAccess(again, provider.address);
      await scene.use({ provider: provider.address, spender: again, quantity: 5n });
      await scene.cut();
      expect(await scene.audit()).to.deep.equal([]);
      expect(scene.signatures.at(-1)?.epoch).to.equal(3n);
    });
  });
}
