import { expect } from "chai";

import { partsOf } from "@compute-credits/rules/holds/hold";

import { type Disguise, type Scene, openAudited, person } from "../fixtures/audited.ts";
import { databaseKinds } from "../fixtures/databases.ts";
import { ONE_OF_EACH_KIND } from "../fixtures/rates.ts";

const alice = person("alice");
const sponsor = person("sponsor");
const provider = person("provider");

const twoAtOnce: Disguise = (source) => ({
  ...source,
  cuts: async (after) => (await source.cuts(after)).slice(0, 2),
});

for (const kind of databaseKinds) {
  describe(`an auditor of an honest server on ${kind.name}`, () => {
    let stage: Awaited<ReturnType<typeof openAudited>>;
    let scene: Scene;

    before(async () => {
      stage = await openAudited(kind);
    });
    after(() => stage.close());
    beforeEach(async () => {
      scene = await stage.begin();
    });

    for (const [memory, records] of [
      ["all in memory", undefined],
      ["nothing in memory between two pages", 0],
    ] as const) {
      it(`with every kind of price, holds, captures, voids, refunds and drops, and ${memory}: reproduces and signs`, async () => {
        const { ledger } = scene;
        if (records !== undefined) scene.limitMemory(records);
        const from = provider.address;
        await scene.buy(alice, 100_000n);
        await scene.buy(sponsor, 50n);
        await ledger.rateCards.publish({
          provider: from,
          effectiveFrom: null,
          rates: ONE_OF_EACH_KIND,
        });
        const own = await scene.allow(alice, { limit: 3_000n, period: 60n, rollover: 100n });
        const { spender } = own.message;
        await scene.allow(sponsor, { spender, priority: 1 });
        await ledger.grantAccess(spender, from);

        // The sponsor pays first, then both.
        await scene.use({ provider: from, spender, quantity: 30n, meter: "units" });
        const shared = await scene.use({ provider: from, spender, quantity: 40n, meter: "units" });
        for (const meter of ["requests", "tokens", "bytes", "tokens", "bytes", "gpu"]) {
          // oxlint-disable-next-line no-await-in-loop -- events in order
          await scene.use({ provider: from, spender, quantity: 8n, meter });
        }
        await ledger.multipliers.report({
          provider: from,
          meter: "gpu",
          dimensions: {},
          utilisationBps: 9_000n,
        });
        await scene.use({ provider: from, spender, quantity: 3n, meter: "gpu" });
        const hold = { provider: from, id: "h1", spender, dimensions: {}, ttlSeconds: 60 };
        await ledger.holds.authorize({ ...hold, meter: "tokens", quantity: 30n });
        await ledger.holds.capture({ ...hold, eventId: "c1", quantity: 7n, final: false });
        const first = await scene.cut();
        expect(await scene.audit()).to.deep.equal([]);
        expect(scene.signatures).to.deep.equal([{ epoch: 1n, root: first.message.root }]);
        await scene.drop(first);

        // Events of a dropped checkpoint can still be voided.
        await ledger.usage.void({ provider: from, id: shared.id });
        await ledger.holds.capture({ ...hold, eventId: "c2", quantity: 11n, final: true });
        await ledger.holds.authorize({ ...hold, id: "h2", meter: "bytes", quantity: 4n });
        await ledger.holds.release({ ...hold, id: "h2" });
        // Events after the receipt can be voided.
        const receipt = await scene.promise(provider);
        const later = await scene.use({ provider: from, spender, quantity: 5n, meter: "units" });
        await ledger.usage.void({ provider: from, id: later.id });
        const second = await scene.cut();
        expect(await scene.audit()).to.deep.equal([]);
        expect(receipt).to.include({ epoch: 1n, earned: second.message.earned });
        await scene.finalise(second);

        await ledger.holds.authorize({ ...hold, id: "h3", meter: "units", quantity: 4n });
        await scene.promise(provider);
        await scene.requestRefund(alice, 1_000_000n);
        await ledger.holds.release({ ...hold, id: "h3" });
        const third = await scene.cut();
        scene.restart();
        expect(await scene.audit()).to.deep.equal([]);
        expect(third.message.refunded > 0n).to.equal(true);
        expect(scene.signatures.map(({ epoch }) => epoch)).to.deep.equal([1n, 1n, 2n]);
        expect(scene.audited.map(({ findings }) => findings.length)).to.deep.equal([0, 0, 0]);
        expect(scene.audited.every(({ entries }) => entries > 0)).to.equal(true);
      });
    }

    it("with events and holds that accounts share at their own tiers: reproduces and signs", async () => {
      const { ledger } = scene;
      const from = provider.address;
      await ledger.rateCards.publish({
        provider: from,
        effectiveFrom: null,
        rates: ONE_OF_EACH_KIND,
      });
      await scene.buy(alice, 100_000n);
      const { spender } = (await scene.allow(alice)).message;
      await ledger.grantAccess(spender, from);
      // Nothing left: sets no price.
      await scene.allow(person("stranger"), { spender, priority: 0, limit: 0n });
      const work = { provider: from, spender, dimensions: {} };
      // Alice reaches the second tiers: 48 and 60.
      await scene.use({ ...work, meter: "tokens", quantity: 16n });
      await scene.use({ ...work, meter: "bytes", quantity: 30n });

      await scene.buy(sponsor, 62n);
      await scene.allow(sponsor, { spender, priority: 1 });
      const hold = { ...work, id: "h1", ttlSeconds: 60 };
      const held = await ledger.holds.authorize({ ...hold, meter: "bytes", quantity: 10n });
      // 50 is the sponsor's price of 10 units, and it has 62.
      expect(held.result === "held" && partsOf(held.hold)).to.have.length(1);
      const shared = await scene.use({ ...work, meter: "bytes", quantity: 10n });
      // 12 of 50 are 24 %: 12, and 76 % of alice's 20, rounded up.
      const outcomes = await ledger.usage.record([shared]);
      expect(outcomes[0]).to.deep.include({ result: "debited", costMicros: 28n, repeated: true });
      await ledger.usage.void({ provider: from, id: shared.id });
      const inParts = { ...hold, id: "h2", meter: "tokens", quantity: 9n };
      expect(await ledger.holds.authorize(inParts)).to.deep.include({ result: "held" });
      const captured = { ...hold, id: "h2" };
      await ledger.holds.capture({ ...captured, eventId: "c1", quantity: 2n, final: false });
      await ledger.holds.capture({ ...captured, eventId: "c2", quantity: 4n, final: false });
      await ledger.usage.void({ provider: from, id: "c1" });
      const first = await scene.cut();
      expect(await scene.audit()).to.deep.equal([]);
      await scene.finalise(first);

      // The auditor loads what it saved, with the shares.
      scene.restart();
      await ledger.holds.capture({ ...captured, eventId: "c3", quantity: 3n, final: true });
      await ledger.usage.void({ provider: from, id: "c3" });
      await scene.use({ ...work, meter: "tokens", quantity: 20n });
      await scene.cut();
      expect(await scene.audit()).to.deep.equal([]);
      expect(scene.signatures).to.have.length(2);
    });

    for (const [when, later] of [
      ["in the second of its asOf", 0],
      ["a second later", 1],
    ] as const) {
      it(`after a drop of the same rows ${when}: signs them again, and the next checkpoint`, async () => {
        await scene.buy(alice, 1_000n);
        const { message } = await scene.allow(alice);
        const usage = { provider: provider.address, spender: message.spender, quantity: 30n };
        await scene.ledger.grantAccess(usage.spender, usage.provider);
        await scene.use(usage);
        const first = await scene.cut();
        expect(await scene.audit()).to.deep.equal([]);
        const droppedAt = Number(first.message.asOf) + later;
        await scene.dropAt(first, new Date(droppedAt * 1_000));

        const again = await scene.cut();
        expect(again.message).to.include({ epoch: 1n, root: first.message.root });
        // The contract voids what is dated up to the second of the drop.
        expect(Number(again.message.asOf)).to.be.greaterThan(droppedAt);
        expect(await scene.audit()).to.deep.equal([]);
        await scene.finalise(again);
        await scene.use(usage);
        const next = await scene.cut();
        expect(await scene.audit()).to.deep.equal([]);
        expect(scene.signatures).to.deep.equal([
          { epoch: 1n, root: first.message.root },
          { epoch: 1n, root: first.message.root },
          { epoch: 2n, root: next.message.root },
        ]);
      });
    }

    it("while the chain's endpoint fails: refuses nothing, and signs once it answers", async () => {
      await scene.buy(alice, 1_000n);
      const { spender } = (await scene.allow(alice)).message;
      await scene.ledger.grantAccess(spender, provider.address);
      await scene.use({ provider: provider.address, spender, quantity: 1n });
      await scene.cut();
      scene.failEndpoint(true);
      const failure = await scene.audit().catch((error: unknown) => error);
      expect(String(failure)).to.include("the endpoint does not answer");
      expect(scene.audited).to.deep.equal([]);
      expect(await scene.database.query("select from findings")).to.deep.equal([]);
      scene.failEndpoint(false);
      expect(await scene.audit()).to.deep.equal([]);
      expect(scene.signatures).to.have.length(1);
    });

    it("after a drop in the second of its asOf: signs another root for the epoch", async () => {
      await scene.buy(alice, 1_000n);
      const { message } = await scene.allow(alice);
      const usage = { provider: provider.address, spender: message.spender, quantity: 30n };
      await scene.ledger.grantAccess(usage.spender, usage.provider);
      await scene.use(usage);
      const first = await scene.cut();
      expect(await scene.audit()).to.deep.equal([]);
      await scene.dropAt(first, new Date(Number(first.message.asOf) * 1_000));
      await scene.use(usage);
      const again = await scene.cut();
      expect(await scene.audit()).to.deep.equal([]);
      expect(scene.signatures).to.deep.equal([
        { epoch: 1n, root: first.message.root },
        { epoch: 1n, root: again.message.root },
      ]);
    });

    it("that comes after more checkpoints than a page has: reproduces all, and accuses nobody", async () => {
      await scene.buy(alice, 1_000n);
      const { message } = await scene.allow(alice);
      await scene.ledger.grantAccess(message.spender, provider.address);
      const use = () => scene.use({ provider: provider.address, spender: message.spender });
      for (let n = 0; n < 5; n++) {
        // oxlint-disable-next-line no-await-in-loop -- a checkpoint follows another
        await use();
        // oxlint-disable-next-line no-await-in-loop
        await scene.finalise(await scene.cut());
      }
      // It records what is beyond the checkpoints, and compares that with the next ones.
      expect(await scene.audit(twoAtOnce)).to.deep.equal([]);
      await use();
      await scene.finalise(await scene.cut());
      expect(await scene.audit(twoAtOnce)).to.deep.equal([]);
      expect(await scene.audit(twoAtOnce)).to.deep.equal([]);
      expect(scene.audited).to.have.length(6);
    });

    it("while its signature waits at the server: sends it again, and makes no other", async () => {
      await scene.buy(alice, 1_000n);
      const { message } = await scene.allow(alice);
      await scene.ledger.grantAccess(message.spender, provider.address);
      await scene.use({ provider: provider.address, spender: message.spender, quantity: 30n });
      const cut = await scene.cut();
      await scene.audit();
      scene.resendAfter(0);
      await scene.audit();
      const sent = { epoch: 1n, root: cut.message.root };
      expect(scene.signatures).to.deep.equal([sent, sent]);
      await scene.finalise(cut);
      await scene.audit();
      expect(scene.signatures).to.have.length(2);
      expect(await scene.database.query("select from signatures")).to.have.length(1);
    });

    it("without new checkpoints: signs nothing twice and audits nothing again", async () => {
      await scene.buy(alice, 1_000n);
      const { message } = await scene.allow(alice);
      await scene.ledger.grantAccess(message.spender, provider.address);
      await scene.use({ provider: provider.address, spender: message.spender, quantity: 30n });
      await scene.cut();
      await scene.audit();
      scene.restart();
      await scene.audit();
      await scene.audit();
      expect(scene.signatures).to.have.length(1);
      expect(scene.audited).to.have.length(1);
    });
  });
}
