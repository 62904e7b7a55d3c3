import { expect } from "chai";
import type { Address, Hex } from "viem";

import { parseCredits } from "@compute-credits/protocol/amounts";
import { available } from "@compute-credits/rules/accounts/account";
import { heldMicros } from "@compute-credits/rules/holds/hold";
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
      const asked = request(quantity, ttlSeconds);
      const outcome = await ledger.holds.authorize(asked);
      if (outcome.result !== "held") throw new Error(`refused: ${outcome.refusal.reason}`);
      return { asked, key: { provider, id: asked.id }, hold: outcome.hold };
    }

    async function balance() {
      const of = await ledger.accounts.balance(account);
      return { spent: of.spent, held: of.held, available: available(of) };
    }

    /** As if `seconds` had passed since the hold was made. */
    async function age(id: string, seconds: number): Promise<void> {
      await ledger.database.query(
        `update holds set created_at = created_at - make_interval(secs => $2),
           expires_at = expires_at - make_interval(secs => $2) where hold_id = $1`,
        [id, seconds],
      );
    }

    context("when credits are held", () => {
      it("sets them aside, so that nothing else spends them", async () => {
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

      it("gives the same hold for the same request, and refuses another with its id", async () => {
        const { asked, hold } = await held(1_000_000n);
        const again = await ledger.holds.authorize(asked);
        expect(again).to.deep.equal({ result: "held", hold, repeated: true });
        expect(await ledger.holds.authorize({ ...asked, quantity: 2n })).to.deep.equal({
          result: "refused",
          refusal: { reason: "hold_id_conflict" },
        });
        expect((await balance()).held).to.equal(1_000_000n);
      });

      it("refuses what the account does not have, and holds nothing", async () => {
        const outcome = await ledger.holds.authorize(request(10_000_001n));
        expect(outcome.result).to.equal("refused");
        expect((await balance()).held).to.equal(0n);
      });

      it("refuses more open holds than a spender may have", async () => {
        for (let i = 0; i < 5; i++) await held(1n);
        expect(await ledger.holds.authorize(request(1n))).to.deep.equal({
          result: "refused",
          refusal: { reason: "too_many_holds", limit: 5 },
        });
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
      it("charges what was used and returns the rest", async () => {
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

      it("takes partial captures until a final one, each charged once", async () => {
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

      it("refuses to charge more than is held, and charges nothing", async () => {
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

      it("tells a second try how the hold was resolved", async () => {
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

      it("charges the pinned rate when the card has changed since", async () => {
        const { key } = await held(2_000_000n);
        const cards = await ledger.rateCards.list({ before: null, limit: 100 });
        await ledger.database.query(
          "insert into rate_cards (version, effective_from, card) values ($1, clock_timestamp(), $2)",
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

      it("charges once when twenty servers capture at once", async () => {
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

    context("when a hold is released or runs out", () => {
      it("returns everything on release", async () => {
        const { key } = await held(6_000_000n);
        const outcome = await ledger.holds.release(key);
        expect(outcome.result).to.equal("released");
        expect(await balance()).to.deep.equal({ spent: 0n, held: 0n, available: 10_000_000n });
      });

      it("frees a leaked hold by itself, and never before its time", async () => {
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

      it("captures nothing of a hold that is over, swept or not", async () => {
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

      it("keeps what was captured before", async () => {
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
      it("charges them in burn-down order and returns to each what it held", async () => {
        const sponsor = party(accountCount++);
        await ledger.purchase(sponsor, "2");
        const gift = await ledger.allow(sponsor, { spender, priority: 1, limit: 2_000_000n });
        const { key, hold } = await held(5_000_000n);
        expect(
          hold.parts.map(({ account: payer, heldMicros: amount }) => [payer, amount]),
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

    context("when a refund is asked while credits are on hold", () => {
      it("sets aside what is free, and the held credits as soon as they come free", async () => {
        const { key } = await held(6_000_000n);
        await ledger.chainEvents({
          type: "refund_requested",
          account,
          requestedMicros: parseCredits("10"),
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
        expect([served.refunding, served.refundWaiting]).to.deep.equal([9_000_000n, 0n]);
        expect(available(served)).to.equal(0n);
      });
    });
  });

  describe(`voids on ${name}`, () => {
    let ledger: Ledger;
    const account = party(3_000);
    let spender: Hex;

    before(async () => {
      ledger = await openLedger(await open());
      await ledger.purchase(account, "10");
      ({
        message: { spender },
      } = await ledger.allow(account, { limit: 4_000_000n }));
      await ledger.grantAccess(spender, provider);
    });
    after(() => ledger.database.close());

    it("gives back exactly what each allowance paid, once", async () => {
      const event = usageEvent({ provider, spender, quantity: 4_000_000n });
      await ledger.usage.record([event]);
      const outcome = await ledger.usage.void(event);
      expect(outcome).to.deep.include({
        result: "voided",
        amountMicros: 4_000_000n,
        repeated: false,
      });
      const again = await ledger.usage.void(event);
      expect(again).to.deep.equal({ ...outcome, repeated: true });

      const balance = await ledger.accounts.balance(account);
      expect([balance.spent, available(balance)]).to.deep.equal([0n, 10_000_000n]);
      expect((await ledger.accounts.balance(provider)).earned).to.equal(0n);
      const [allowance] = await ledger.allowances.ofAccount(account);
      expect(allowance?.usage).to.deep.include({ periodSpentMicros: 0n, spentMicros: 0n });
    });

    it("leaves the event's id used: the same event again is not charged again", async () => {
      const event = usageEvent({ provider, spender, quantity: 1_000_000n });
      await ledger.usage.record([event]);
      await ledger.usage.void(event);
      const [outcome] = await ledger.usage.record([event]);
      expect(outcome).to.deep.include({ result: "debited", repeated: true });
      expect((await ledger.accounts.balance(account)).spent).to.equal(0n);
    });

    it("refuses another provider's event, and one that is not there", async () => {
      const event = usageEvent({ provider, spender });
      await ledger.usage.record([event]);
      const refused = { result: "refused", reason: "event_not_found" };
      expect(await ledger.usage.void({ ...event, provider: party(9) })).to.deep.equal(refused);
      expect(await ledger.usage.void({ provider, id: "nowhere" })).to.deep.equal(refused);
    });

    it("refuses an event that a checkpoint holds", async () => {
      const event = usageEvent({ provider, spender, quantity: 7n });
      await ledger.usage.record([event]);
      const cut = await ledger.checkpoints.cut(1_000n);
      expect(cut?.message.epoch).to.equal(1n);
      expect(await ledger.usage.void(event)).to.deep.equal({
        result: "refused",
        reason: "already_settled",
        epoch: 1n,
      });
    });

    it("never lets a row of a checkpoint fall, however voids and cuts meet", async () => {
      for (let round = 0; round < 10; round++) {
        const event = usageEvent({ provider, spender, quantity: 1_000n });
        await ledger.usage.record([event]);
        const before = await ledger.checkpoints.latest();
        if (before !== null) {
          await ledger.chainEvents({
            type: "checkpoint_submitted",
            epoch: before.message.epoch,
            root: before.message.root,
            finalAt: new Date(0),
          });
        }
        const [voided, cut] = await Promise.all([
          ledger.usage.void(event),
          ledger.checkpoints.cut(1_000n),
        ]);
        const { spent } = await ledger.accounts.balance(account);
        if (cut !== null) expect(spent >= cut.message.spent).to.equal(true);
        if (voided.result === "refused") expect(voided.reason).to.equal("already_settled");
      }
    });
  });
}
