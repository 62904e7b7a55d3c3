import { expect } from "chai";
import { zeroHash } from "viem";

import type { BlockRange } from "@compute-credits/platform/chain/vaultReader";
import { createDeferredPayoutStore } from "../../../../server/stores/chain/postgresDeferredPayoutStore.ts";
import { payoutWorker } from "../../../../server/workers/chain/payoutWorker.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";

for (const { name, open } of databaseKinds) {
  describe(`payoutWorker on ${name}`, () => {
    it("reads each block once, a short range at a time, also after a restart", async () => {
      const database = await open();
      const ranges: BlockRange[] = [];
      let indexed = 124n;
      const start = () =>
        payoutWorker({
          chainStore: {
            cursor: () => Promise.resolve({ number: indexed, hash: zeroHash, time: new Date() }),
          },
          payouts: createDeferredPayoutStore(database),
          vault: {
            deferredChange(range) {
              ranges.push(range);
              return Promise.resolve(range.from === 110n ? -2n : 5n);
            },
          },
          deploymentBlock: 100n,
          blocksPerRequest: 10n,
          pollMs: 1,
        });

      const first = start();
      expect([await first.step(), await first.step(), await first.step()]).to.deep.equal([
        "more",
        "more",
        "done",
      ]);
      expect(await first.step()).to.equal("done");
      indexed = 126n;
      expect(await start().step()).to.equal("done");
      expect(ranges).to.deep.equal([
        { from: 100n, to: 109n },
        { from: 110n, to: 119n },
        { from: 120n, to: 124n },
        { from: 125n, to: 126n },
      ]);
      expect(await createDeferredPayoutStore(database).read()).to.deep.equal({
        block: 126n,
        tokens: 13n,
      });
      await database.close();
    });

    it("counts nothing twice if two servers read the same blocks", async () => {
      const database = await open();
      const payouts = createDeferredPayoutStore(database);
      await payouts.advance(null, { block: 10n, tokens: 1n });
      await payouts.advance(null, { block: 20n, tokens: 9n });
      const known = await payouts.read();
      expect(known).to.deep.equal({ block: 10n, tokens: 1n });
      await payouts.advance(known, { block: 30n, tokens: 4n });
      await payouts.advance(known, { block: 30n, tokens: 4n });
      expect(await payouts.read()).to.deep.equal({ block: 30n, tokens: 4n });
      await database.close();
    });
  });
}
