import { expect } from "chai";

import type { Database } from "@compute-credits/platform/postgres/database";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, emptyLedger, party, usageEvent } from "../../../fixtures/ledger.ts";

const [account, provider, signer, stranger] = [party(1), party(2), party(3), party(4)];

for (const { name, open } of databaseKinds) {
  describe(`submissionStore on ${name}`, () => {
    let database: Database;
    let ledger: Ledger;

    before(async () => {
      database = await open();
    });
    after(() => database.close());
    beforeEach(async () => {
      ledger = await emptyLedger(database);
      await ledger.purchase(account, "1");
    });

    async function cut() {
      const { message } = await ledger.allow(account);
      await ledger.grantAccess(message.spender, provider);
      await ledger.usage.record([usageEvent({ provider, spender: message.spender })]);
      const checkpoint = await ledger.checkpoints.cut(1_000n);
      if (checkpoint === null) throw new Error("nothing was cut");
      return checkpoint;
    }

    it("tells how long an epoch has waited for signatures, from its first cut on", async () => {
      expect(await ledger.submissions.waiting()).to.equal(null);
      const first = await cut();
      await database.query("update checkpoints set cut_at = cut_at - interval '100 seconds'");
      await ledger.submissions.abandon(first.id, 0);
      expect(await ledger.submissions.waiting()).to.equal(null);
      const { id, message } = await cut();
      await ledger.submissions.addSignature(id, { signer, signature: "0x01" });
      const waiting = await ledger.submissions.waiting();
      expect(waiting).to.deep.include({ epoch: 1n, signers: [signer] });
      expect(waiting?.seconds).to.be.within(100, 160);
      expect(await ledger.submissions.hasSigned(signer)).to.equal(true);
      expect(await ledger.submissions.hasSigned(stranger)).to.equal(false);

      const { epoch, root } = message;
      const finalAt = new Date(0);
      await ledger.chainEvents({ type: "checkpoint_submitted", epoch, root, finalAt });
      expect(await ledger.submissions.waiting()).to.equal(null);
    });
  });
}
