import { expect } from "chai";

import { type Scene, openAudited, person } from "../fixtures/audited.ts";
import { databaseKinds } from "../fixtures/databases.ts";
import type { EventInBlock } from "../fixtures/ledger.ts";

const alice = person("alice");
const bob = person("bob");
const provider = person("provider");

const bought = (who: typeof alice, amountMicros: bigint): EventInBlock => ({
  type: "purchased",
  account: who.address,
  payer: who.address,
  amountMicros,
  tokenAmount: 1n,
});

const refund = (requestedMicros: bigint): EventInBlock => ({
  type: "refund_requested",
  account: alice.address,
  requestedMicros,
  unspentMicros: 1_000n,
  refundedMicros: 0n,
});

for (const kind of databaseKinds) {
  describe(`an auditor of a server that missed events of the chain, on ${kind.name}`, () => {
    let stage: Awaited<ReturnType<typeof openAudited>>;
    let scene: Scene;
    let spender: `0x${string}`;

    before(async () => {
      stage = await openAudited(kind);
    });
    after(() => stage.close());
    beforeEach(async () => {
      scene = await stage.begin();
      await scene.buy(alice, 1_000n);
      ({ spender } = (await scene.allow(alice)).message);
      await scene.ledger.grantAccess(spender, provider.address);
    });

    const use = (quantity: bigint) => scene.use({ provider: provider.address, spender, quantity });
    async function kindsOfAudit(): Promise<readonly string[]> {
      return (await scene.audit()).map((finding) => finding.kind);
    }

    /** The checkpoint of what the server knows now, which the auditor must sign. */
    async function expectSigned(): Promise<void> {
      const before = scene.signatures.length;
      const cut = await scene.cut();
      const findings = await scene.audit();
      expect(findings.map(({ text }) => text)).to.deep.equal([]);
      expect(scene.signatures).to.have.length(before + 1);
      await scene.finalise(cut);
    }

    it("refuses until a missed purchase is recorded, then signs the next cut, and goes on", async () => {
      await use(10n);
      await expectSigned();
      await scene.miss(bought(alice, 500n));
      await use(5n);
      const refused = await scene.cut();
      expect(await kindsOfAudit()).to.deep.equal(["chain_event_ignored"]);
      expect(scene.signatures).to.have.length(1);

      expect(await scene.repair()).to.have.length(1);
      expect(await scene.abandon(refused)).to.equal(true);
      await use(1_400n);
      await expectSigned();
      await use(1n);
      await expectSigned();
    });

    it("lets a missed refund request count from the repair on, not from its block", async () => {
      await scene.miss(refund(500n), bought(bob, 1n));
      await use(800n);
      await scene.repair();
      expect(await scene.ledger.accounts.balance(alice.address)).to.include({ refunding: 200n });
      await expectSigned();
      expect(await scene.ledger.accounts.balance(alice.address)).to.include({ refunded: 200n });
    });

    it("lets a missed counter count from the repair on", async () => {
      await scene.miss(
        { type: "counter_raised", account: alice.address, counter: 1n },
        bought(bob, 1n),
      );
      await use(10n);
      await scene.repair();
      await expectSigned();
      // A server that forgets the counter again is found.
      await scene.ledger.database.query("update accounts set counter = 0");
      await use(1n);
      await scene.cut();
      expect(await kindsOfAudit()).to.deep.equal(["allowance_revoked"]);
    });

    it("replays the request that the server had in time if it missed an earlier one", async () => {
      await scene.miss(refund(300n));
      await scene.ledger.chainEvents(refund(100n));
      await scene.repair();
      expect(await scene.ledger.accounts.balance(alice.address)).to.include({ refunding: 100n });
      await use(900n);
      await expectSigned();
    });

    it("has the event already if it agreed with a table without it, which counts it once", async () => {
      await scene.miss(bought(alice, 500n), bought(bob, 1n));
      await use(10n);
      await expectSigned();
      await scene.repair();
      await use(1_490n);
      await expectSigned();
      await scene.ledger.database.script(
        "update accounts set purchased = purchased + 500 where purchased = 1500",
      );
      await use(1n);
      await scene.cut();
      expect(await kindsOfAudit()).to.include("insufficient_credits");
    });

    it("finds an event that does not exist, and one that is named twice counts once", async () => {
      await scene.miss(bought(alice, 500n));
      await scene.repair();
      await scene.ledger.database.script(`
        insert into log_notes (kind, body) select kind, body from log_notes
          where kind = 'missed_events';
        update accounts set purchased = purchased + 500`);
      await use(2_000n);
      const doubled = await scene.cut();
      expect(await kindsOfAudit()).to.include("insufficient_credits");

      await scene.abandon(doubled);
      await scene.ledger.database.script(`
        insert into log_notes (kind, body) values
          ('missed_events', '{"upTo": "3", "events": [{"block": "3", "logIndex": 9}]}')`);
      await scene.cut();
      scene.restart();
      expect(await kindsOfAudit()).to.include("unknown_chain_event");
      expect(scene.signatures).to.have.length(0);
    });
  });
}
