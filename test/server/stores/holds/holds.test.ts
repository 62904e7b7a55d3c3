import { expect } from "chai";
import type { Address, Hex } from "viem";

import { parseCredits } from "@compute-credits/protocol/amounts";
import { available } from "@compute-credits/rules/accounts/account";
import { heldMicros, partsOf } from "@compute-credits/rules/holds/hold";
import { ageHold } from "../../../fixtures/ageHold.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";

const provider = party(2_000);
let accountCount = 2_100;

for (const { name, open } of databaseKinds) {
  describe(`holds on ${name}`, () => {
    let ledger: Ledger;
    let account: Address;
    let spender: Hex;
    let holdCount = 0;

    before(async () => {
      ledger = await openLedger(await open());
    });
    after(() => ledger.database.close());

    beforeEach(async () => {
      account = party(accountCount++);
      await ledger.purchase(account, "10");
      ({
        message: { spender },
      } = await ledger.allow(account));
      await ledger.grantAccess(spender, provider);
    });

    function request(quantity: bigint, ttlSeconds = 600) {
      return {
        provider,
        id: `hold-${name}-${holdCount++}`,
        spender,
        meter: "units",
        dimensions: {},
        quantity,
        ttlSeconds,
      };
    }

    async function held(quantity: bigint, ttlSeconds?: number) {
      const sent = request(quantity, ttlSeconds);
      const outcome = await ledger.holds.authorize(sent);
      if (outcome.result !== "held") throw new Error(`refused: ${outcome.refusal.reason}`);
      return { sent, key: { provider, id: sent.id }, hold: outcome.hold };
    }

    async function balance() {
      const of = await ledger.accounts.balance(account);
      return { spent: of.spent, held: of.held, available: available(of) };
    }

    const age = (id: string, seconds: number) => ageHold(ledger.database, id, seconds);

    context("when credits are held", () => {
      it("sets them aside, so that they cannot be spent otherwise", async () => {
        await held(6_000_000n);
        expect(await balance()).to.deep.equal({
          spent: 0n,
          held: 6_000_000n,
          available: 4_000_000n,
        });

        const [outcome] = await ledger.usage.record([
          usageEvent({ provider, spender, quantity: 4_000_001n }),
        ]);
        expect(outcome).to.deep.include({
          result: "refused",
          refusal: {
            reason: "insufficient_credits",
            account,
            availableMicros: 4_000_000n,
            neededMicros: 4_000_001n,
            heldMicros: 6_000_000n,
          },
        });
      });

      it("returns the same hold for the same request and refuses another request with its id", async () => {
        const { sent, hold } = await held(1_000_000n);
        const again = await ledger.holds.authorize(sent);
        expect(again).to.deep.equal({
          result: "held",
          hold,
          repeated: true,
          remainingMicros: null,
        });
        expect(await ledger.holds.authorize({ ...sent, quantity: 2n })).to.deep.equal({
          result: "refused",
          refusal: { reason: "hold_id_conflict" },
        });
        expect((await balance()).held).to.equal(1_000_000n);
      });

      it("refuses more than the account has and holds nothing", async () => {
        const outcome = await ledger.holds.authorize(request(10_000_001n));
        expect(outcome.result).to.equal("refused");
        expect((await balance()).held).to.equal(0n);
      });

      it("refuses a provider more open holds on a spender than its limit", async () => {
        for (let i = 0; i < 5; i++) await held(1n);
        expect(await ledger.holds.authorize(request(1n))).to.deep.equal({
          result: "refused",
          refusal: { reason: "too_many_holds", limit: 5 },
        });
      });

      it("holds for another provider although one has used up its limit", async () => {
        for (let i = 0; i < 5; i++) await held(1n);
        const other = party(77);
        await ledger.grantAccess(spender, other);
        const outcome = await ledger.holds.authorize({ ...request(1n), provider: other });
        expect(outcome.result).to.equal("held");
      });

      it("counts towards the allowance's limit", async () => {
        const small = await ledger.allow(account, { limit: 3_000_000n });
        await ledger.grantAccess(small.message.spender, provider);
        spender = small.message.spender;
        await held(2_000_000n);
        const outcome = await ledger.holds.authorize(request(1_000_001n));
        expect(outcome).to.have.nested.property("refusal.reason", "allowance_exhausted");
      });
    });

    context("when a hold is captured", () => {
      it("charges the used quantity and returns the rest", async () => {
        const { key } = await held(6_000_000n);
        const outcome = await ledger.holds.capture({
          ...key,
          eventId: `${key.id}/work`,
          quantity: 2_500_000n,
          final: true,
        });
        expect(outcome).to.have.nested.property("debit.costMicros", 2_500_000n);
        expect(await balance()).to.deep.equal({
          spent: 2_500_000n,
          held: 0n,
          available: 7_500_000n,
        });
        expect((await ledger.allowances.ofAccount(account))[0]?.usage.spentMicros).to.equal(
          2_500_000n,
        );
      });

      it("charges partial captures once each, until a final one", async () => {
        const { key } = await held(6_000_000n);
        const part = { ...key, eventId: `${key.id}/1`, quantity: 1_000_000n, final: false };
        await ledger.holds.capture(part);
        const repeated = await ledger.holds.capture(part);
        expect(repeated).to.have.nested.property("debit.repeated", true);
        expect(await balance()).to.deep.equal({
          spent: 1_000_000n,
          held: 5_000_000n,
          available: 4_000_000n,
        });

        await ledger.holds.capture({
          ...key,
          eventId: `${key.id}/2`,
          quantity: 5_000_000n,
          final: true,
        });
        expect(await balance()).to.deep.equal({
          spent: 6_000_000n,
          held: 0n,
          available: 4_000_000n,
        });
      });

      it("refuses to charge more than is held and charges nothing", async () => {
        const { key } = await held(1_000_000n);
        const outcome = await ledger.holds.capture({
          ...key,
          eventId: `${key.id}/x`,
          quantity: 1_000_001n,
          final: true,
        });
        expect(outcome).to.deep.equal({
          result: "refused",
          refusal: {
            reason: "capture_exceeds_hold",
            heldMicros: 1_000_000n,
            neededMicros: 1_000_001n,
          },
        });
        expect(await balance()).to.deep.equal({
          spent: 0n,
          held: 1_000_000n,
          available: 9_000_000n,
        });
      });

      it("refuses a second attempt with the hold's resolution", async () => {
        const { key } = await held(1_000_000n);
        await ledger.holds.capture({ ...key, eventId: `${key.id}/a`, quantity: 1n, final: true });
        const capture = await ledger.holds.capture({
          ...key,
          eventId: `${key.id}/b`,
          quantity: 1n,
          final: true,
        });
        expect(capture).to.have.nested.property("refusal.reason", "hold_resolved");
        expect(capture).to.have.nested.property("refusal.resolution.as", "captured");
        const release = await ledger.holds.release(key);
        expect(release).to.have.nested.property("refusal.resolution.as", "captured");
        expect((await balance()).spent).to.equal(1n);
      });

      it("charges the pinned rate if the card has changed since", async () => {
        const { key } = await held(2_000_000n);
        const cards = await ledger.rateCards.list({ before: null, limit: 100 });
        await ledger.database.query(
          `insert into rate_cards (version, effective_from, card)
             values ($1, clock_timestamp(), $2)`,
          [
            cards.length + 1,
            JSON.stringify([{ meter: "units", dimensions: {}, microCredits: "9", perUnits: "1" }]),
          ],
        );
        const outcome = await ledger.holds.capture({
          ...key,
          eventId: `${key.id}/p`,
          quantity: 1_000_000n,
          final: true,
        });
        expect(outcome).to.have.nested.property("debit.costMicros", 1_000_000n);
        await ledger.database.query("delete from rate_cards where version = $1", [
          cards.length + 1,
        ]);
      });

      it("charges once if twenty servers capture at once", async () => {
        const { key } = await held(1_000_000n);
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, i) =>
            ledger.holds.capture({
              ...key,
              eventId: `${key.id}/race-${i}`,
              quantity: 1_000_000n,
              final: true,
            }),
          ),
        );
        expect(outcomes.filter(({ result }) => result === "captured")).to.have.length(1);
        expect(await balance()).to.deep.equal({
          spent: 1_000_000n,
          held: 0n,
          available: 9_000_000n,
        });
      });
    });

    context("when a hold is released or expires", () => {
      it("returns everything on release", async () => {
        const { key } = await held(6_000_000n);
        const outcome = await ledger.holds.release(key);
        expect(outcome.result).to.equal("released");
        expect(await balance()).to.deep.equal({ spent: 0n, held: 0n, available: 10_000_000n });
      });

      it("releases an expired hold, but never before its expiry", async () => {
        const { key } = await held(6_000_000n, 60);
        await age(key.id, 59);
        await ledger.holds.expireDue(100);
        expect((await balance()).held).to.equal(6_000_000n);

        await age(key.id, 1);
        await ledger.holds.expireDue(100);
        expect(await balance()).to.deep.equal({ spent: 0n, held: 0n, available: 10_000_000n });
        const hold = await ledger.holds.find(key);
        expect(hold?.resolution?.as).to.equal("expired");
        expect(hold === null ? null : heldMicros(hold)).to.equal(0n);
      });

      it("captures nothing of an expired hold, released or not", async () => {
        const { key } = await held(6_000_000n, 60);
        await age(key.id, 60);
        const outcome = await ledger.holds.capture({
          ...key,
          eventId: `${key.id}/late`,
          quantity: 1n,
          final: true,
        });
        expect(outcome).to.have.nested.property("refusal.resolution.as", "expired");
      });

      it("keeps earlier captures", async () => {
        const { key } = await held(6_000_000n, 60);
        await ledger.holds.capture({
          ...key,
          eventId: `${key.id}/part`,
          quantity: 1_000_000n,
          final: false,
        });
        await age(key.id, 60);
        await ledger.holds.expireDue(100);
        expect(await balance()).to.deep.equal({
          spent: 1_000_000n,
          held: 0n,
          available: 9_000_000n,
        });
      });
    });

    context("when several allowances hold together", () => {
      it("charges them in burn-down order and returns each one's rest", async () => {
        const sponsor = party(accountCount++);
        await ledger.purchase(sponsor, "2");
        const gift = await ledger.allow(sponsor, { spender, priority: 1, limit: 2_000_000n });
        const { key, hold } = await held(5_000_000n);
        expect(
          partsOf(hold).map(({ account: payer, heldMicros: amount }) => [payer, amount]),
        ).to.deep.equal([
          [sponsor, 2_000_000n],
          [account, 3_000_000n],
        ]);

        await ledger.holds.capture({
          ...key,
          eventId: `${key.id}/both`,
          quantity: 2_500_000n,
          final: true,
        });
        expect((await ledger.accounts.balance(sponsor)).spent).to.equal(2_000_000n);
        expect(await balance()).to.deep.equal({ spent: 500_000n, held: 0n, available: 9_500_000n });
        expect((await ledger.allowances.find(gift.id))?.usage.periodSpentMicros).to.equal(
          2_000_000n,
        );
      });
    });

    context("when a refund is requested while credits are on hold", () => {
      it("sets aside the available credits, and the held ones once they are released", async () => {
        const { key } = await held(6_000_000n);
        await ledger.chainEvents({
          type: "refund_requested",
          account,
          requestedMicros: parseCredits("10"),
          unspentMicros: parseCredits("10"),
          refundedMicros: 0n,
        });
        const waiting = await ledger.accounts.balance(account);
        expect([waiting.refunding, waiting.refundWaiting]).to.deep.equal([4_000_000n, 6_000_000n]);
        expect(available(waiting)).to.equal(0n);

        await ledger.holds.capture({
          ...key,
          eventId: `${key.id}/r`,
          quantity: 1_000_000n,
          final: true,
        });
        const served = await ledger.accounts.balance(account);
        expect([served.refunding, served.refundWaiting]).to.deep.equal([9_000_000n, 1_000_000n]);
        expect(available(served)).to.equal(0n);

        await ledger.usage.void({ provider, id: `${key.id}/r` });
        const voided = await ledger.accounts.balance(account);
        expect([voided.refunding, voided.refundWaiting]).to.deep.equal([10_000_000n, 0n]);
        expect(available(voided)).to.equal(0n);
      });
    });
  });
}
