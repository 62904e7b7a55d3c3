import { expect } from "chai";
import type { Address, Hex } from "viem";

import { tierUsesOf } from "@compute-credits/rules/pricing/tierUnits";
import { databaseKinds } from "../../../fixtures/databases.ts";
import type { Ledger } from "../../../fixtures/ledger.ts";
import { openPricedLedger } from "../../../fixtures/pricedLedger.ts";
import { insertCard, tieredRate } from "../../../fixtures/rates.ts";

/** 20,000 for each of the first 100 units of a month, then 5,000. */
const TIERS = [
  [100n, 20_000n],
  [null, 5_000n],
] as const;

for (const kind of databaseKinds) {
  describe(`prices of each account on ${kind.name}`, () => {
    let rig: Awaited<ReturnType<typeof openPricedLedger>>;
    let ledger: Ledger;
    let provider: Address;
    let spender: Hex;

    before(async () => {
      rig = await openPricedLedger(await kind.open());
      ledger = rig.ledger;
    });
    after(() => ledger.database.close());

    /** A payer that has used 1,000 units of each rate. */
    let payer: Address;
    beforeEach(async () => {
      const who = await rig.payer({ priority: 128 });
      ({ account: payer, provider, spender } = who);
      await insertCard(ledger.database, {
        provider,
        rates: [
          tieredRate("graduated", TIERS, { meter: "graduated" }),
          tieredRate("volume", TIERS, { meter: "volume" }),
          tieredRate(
            "graduated",
            [
              [100n, 0n],
              [null, 5_000n],
            ],
            { meter: "free-tier" },
          ),
        ],
      });
      await rig.record(
        who,
        ...["graduated", "volume", "free-tier"].map((meter) => ({ meter, quantity: 1_000n })),
      );
    });

    /** An account whose allowance comes first. Returns its address. */
    async function firstInLine(credits: string | null, limit?: bigint): Promise<Address> {
      const account = rig.newParty();
      if (credits !== null) await ledger.purchase(account, credits);
      await ledger.allow(account, {
        spender,
        priority: 0,
        ...(limit === undefined ? {} : { limit }),
      });
      return account;
    }

    async function unitsOf(account: Address): Promise<bigint[]> {
      return Object.values(await rig.used(account));
    }

    it("with a stranger's allowance that has no credits and limit 0: is the payer's own", async () => {
      const stranger = await firstInLine(null, 0n);
      for (const meter of ["graduated", "volume"]) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const costs = await rig.record({ provider, spender }, { meter, quantity: 100n });
        expect(costs).to.deep.equal([500_000n]);
      }
      expect(await rig.used(stranger)).to.deep.equal({});
    });

    it("with a fresh empty account: its free tier is not the payer's", async () => {
      await firstInLine(null);
      const costs = await rig.record(
        { provider, spender },
        { meter: "free-tier", quantity: 50n },
        { meter: "free-tier", quantity: 50n },
      );
      expect(costs).to.deep.equal([250_000n, 250_000n]);
    });

    it("with a big account that pays a token: is not the big account's discount", async () => {
      const small = rig.newParty();
      await ledger.purchase(small, "100");
      const { message } = await ledger.allow(small, { priority: 128 });
      await ledger.allow(payer, { spender: message.spender, priority: 0, limit: 1n });
      await ledger.grantAccess(message.spender, provider);
      const who = { provider, spender: message.spender };
      const event = { meter: "volume", quantity: 100n };
      // One micro-credit of the big account's 500,000, the rest of the small one's 2,000,000.
      expect(await rig.record(who, event)).to.deep.equal([1_999_997n]);
      expect(await unitsOf(small)).to.deep.equal([100n]);
    });

    it("with an account that pays three quarters: each pays and counts its own part", async () => {
      const first = await firstInLine("1.5");
      const before = await ledger.accounts.balance(payer);
      const event = { meter: "graduated", quantity: 100n };
      expect(await rig.record({ provider, spender }, event)).to.deep.equal([1_625_000n]);
      expect((await ledger.accounts.balance(first)).spent).to.equal(1_500_000n);
      expect((await ledger.accounts.balance(payer)).spent - before.spent).to.equal(125_000n);
      expect(await unitsOf(first)).to.deep.equal([75n]);
      expect(await rig.used(payer)).to.include({ [usedKey("graduated")]: 1_025n });
    });

    it("in a hold: is pinned, its captures cost as much, and a void gives each its units back", async () => {
      const first = await firstInLine("1.5");
      const before = await ledger.accounts.balance(payer);
      const key = await rig.hold({ account: payer, provider, spender }, "graduated", 100n);
      const held = await ledger.holds.find(key);
      const uses = (held?.lots ?? []).flatMap(({ rate }) => tierUsesOf(rate));
      expect(uses.map(({ account }) => account)).to.deep.equal([first, payer]);
      expect(held?.lots[0]?.parts.map(({ heldMicros }) => heldMicros)).to.deep.equal([
        1_500_000n,
        125_000n,
      ]);
      // Later usage does not change the price of the hold.
      await rig.record({ provider, spender }, { meter: "graduated", quantity: 7n });

      // All of the first account's: 60 units at 20,000 are 1,200,000.
      const eventIds = ["first", "second"];
      const capture = (eventId: string | undefined, quantity: bigint, final: boolean) =>
        ledger.holds.capture({ ...key, eventId: eventId ?? "", quantity, final });
      const [one, two] = [
        await capture(eventIds[0], 60n, false),
        await capture(eventIds[1], 40n, true),
      ];
      const costs = [one, two].map((each) => each.result === "captured" && each.debit.costMicros);
      expect(costs).to.deep.equal([1_200_000n, 425_000n]);
      expect(await unitsOf(first)).to.deep.equal([75n]);
      expect(await rig.used(payer)).to.include({ [usedKey("graduated")]: 1_032n });

      for (const id of eventIds) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect(await ledger.usage.void({ provider, id })).to.include({ result: "voided" });
      }
      expect(await unitsOf(first)).to.deep.equal([0n]);
      expect(await rig.used(payer)).to.include({ [usedKey("graduated")]: 1_007n });
      expect((await ledger.accounts.balance(first)).spent).to.equal(0n);
      expect((await ledger.accounts.balance(payer)).spent - before.spent).to.equal(35_000n);
    });

    it("with 20 events at once: loses no unit and no micro-credit", async () => {
      const first = await firstInLine("1.5");
      const before = await ledger.accounts.balance(payer);
      const costs = await Promise.all(
        Array.from({ length: 20 }, () =>
          rig.record({ provider, spender }, { meter: "volume", quantity: 10n }),
        ),
      );
      const total = costs.flat().reduce<bigint>((sum, cost) => {
        if (typeof cost === "string") throw new Error(cost);
        return sum + cost;
      }, 0n);
      const [spentFirst, spentPayer] = [
        (await ledger.accounts.balance(first)).spent,
        (await ledger.accounts.balance(payer)).spent - before.spent,
      ];
      expect(spentFirst + spentPayer).to.equal(total);
      const [unitsFirst = 0n] = await unitsOf(first);
      const unitsPayer = (await rig.used(payer))[usedKey("volume")] ?? 0n;
      expect(unitsFirst + unitsPayer - 1_000n).to.equal(200n);
    });

    function usedKey(meter: string): string {
      return `${new Date().toISOString().slice(0, 7)} ${provider}:${meter}`;
    }
  });
}
