import { expect } from "chai";

import { createMultiplierStore } from "../../../../server/stores/pricing/postgresMultiplierStore.ts";
import { createRateIndexCache } from "../../../../server/stores/pricing/rateIndexCache.ts";
import { replaySteps } from "@compute-credits/rules/pricing/multiplier";
import { databaseKinds } from "../../../fixtures/databases.ts";
import type { Ledger } from "../../../fixtures/ledger.ts";
import { pauseAfter } from "../../../fixtures/observedDatabase.ts";
import { openPricedLedger } from "../../../fixtures/pricedLedger.ts";

for (const { name, open } of databaseKinds) {
  describe(`dynamic rates on ${name}`, () => {
    let rig: Awaited<ReturnType<typeof openPricedLedger>>;
    let ledger: Ledger;

    before(async () => {
      rig = await openPricedLedger(await open());
      ({ ledger } = rig);
    });
    after(() => ledger.database.close());

    it("prices a late event by the multiplier at the event's time", async () => {
      const who = await rig.payer();
      const event = { meter: "dynamic", quantity: 10n };
      const ago = (seconds: number) => ({
        ...event,
        occurredAt: new Date(Date.now() - seconds * 1000),
      });
      expect(await rig.record(who, event)).to.deep.equal([1_000n]);
      await rig.report(who.provider, 10_000n);
      await rig.age(who.provider, 100);
      await rig.report(who.provider, 10_000n);
      await rig.age(who.provider, 100);
      const costs = await rig.record(who, event, ago(250), ago(150), ago(50));
      expect(costs).to.deep.equal([1_266n, 1_000n, 1_125n, 1_266n]);
    });

    it("moves each provider's multiplier independently", async () => {
      const [busy, idle] = [await rig.payer(), await rig.payer()];
      await rig.report(busy.provider, 10_000n);
      await rig.age(busy.provider, 10);
      const event = { meter: "dynamic", quantity: 10n };
      expect(await rig.record(busy, event)).to.deep.equal([1_125n]);
      expect(await rig.record(idle, event)).to.deep.equal([1_000n]);
    });

    it("prices an event dated in the future by the current multiplier", async () => {
      const who = await rig.payer();
      const future = {
        meter: "dynamic",
        quantity: 10n,
        occurredAt: new Date(Date.now() + 200_000),
      };
      await rig.report(who.provider, 10_000n);
      await rig.age(who.provider, -100);
      expect(await rig.record(who, future)).to.deep.equal([1_000n]);
    });

    it("makes one step per stepSeconds under concurrent reports", async () => {
      const { provider } = await rig.payer();
      const results = await Promise.all(
        Array.from({ length: 20 }, () => rig.report(provider, 9_000n)),
      );
      expect(results.filter((result) => "step" in result)).to.have.length(1);
      for (const result of results) {
        if ("refusal" in result) expect(result.refusal).to.equal("step_too_soon");
      }
      expect(await rig.log(provider)).to.have.length(1);
      await rig.age(provider, 61);
      expect(await rig.report(provider, 0n)).to.have.nested.property("step.step", 2);
    });

    it("leaves a log that replays to the same multipliers", async () => {
      const { provider } = await rig.payer();
      for (const utilisation of [10_000n, 9_000n, 1n, 5_000n, 5_001n, 0n, 0n]) {
        // oxlint-disable-next-line no-await-in-loop -- one step after the other is the point
        expect(await rig.report(provider, utilisation)).to.have.property("step");
        // oxlint-disable-next-line no-await-in-loop
        await rig.age(provider, 60.5);
      }
      const steps = await rig.log(provider);
      expect(steps).to.have.length(7);
      const cards = await ledger.rateCards.list({ before: null, limit: 100 });
      const replayed = replaySteps(steps, (version) => {
        const card = cards.find((each) => each.version === version);
        const rate = card?.rates.find(({ meter }) => meter === "dynamic");
        if (rate?.kind !== "dynamic") throw new Error("the step's card has no dynamic rate");
        return rate.multiplier;
      });
      expect(replayed).to.deep.equal(steps);
    });

    it("refuses a report for an unknown or fixed rate", async () => {
      const { provider } = await rig.payer();
      expect(await rig.report(provider, 1n, "magic")).to.deep.equal({ refusal: "unknown_rate" });
      expect(await rig.report(provider, 1n, "units")).to.deep.equal({
        refusal: "rate_not_dynamic",
      });
    });

    it("waits for a step in progress before it reads a price", async () => {
      const who = await rig.payer();
      const { database, paused } = pauseAfter(ledger.database, /insert into multiplier_steps/);
      const slow = createMultiplierStore(database, createRateIndexCache());
      const stepping = slow.report({
        provider: who.provider,
        meter: "dynamic",
        dimensions: {},
        utilisationBps: 10_000n,
      });
      await paused;
      // Dated in the future, so that the time of recording decides, which is after the step.
      const occurredAt = new Date(Date.now() + 100_000);
      expect(await rig.record(who, { meter: "dynamic", quantity: 10n, occurredAt })).to.deep.equal([
        1_125n,
      ]);
      await stepping;
    });

    it("leave debits whose prices can be recomputed from their rows and cards", async () => {
      expect(await rig.recomputePrices()).to.be.greaterThan(5);
    });
  });
}
