import { expect } from "chai";
import { type Address, type Hex, pad } from "viem";

import { HOLDS } from "@compute-credits/api/bounds";
import { capturedMicros, heldMicros } from "@compute-credits/rules/holds/hold";
import { linesOf } from "@compute-credits/rules/holds/lines";
import type { LineCapture } from "@compute-credits/rules/holds/requests";
import { createHoldStore } from "../../../../server/stores/holds/postgresHoldStore.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, RULES, party } from "../../../fixtures/ledger.ts";
import { type Payer, openPricedLedger } from "../../../fixtures/pricedLedger.ts";
import { fixedRate, insertCard } from "../../../fixtures/rates.ts";

/** The result, or the reason of a refusal. */
const said = (outcome: { result: string; refusal?: { reason: string } }) =>
  outcome.refusal?.reason ?? outcome.result;

for (const { name, open } of databaseKinds) {
  describe(`holds of several lines on ${name}`, () => {
    let rig: Awaited<ReturnType<typeof openPricedLedger>>;
    let ledger: Ledger;
    let who: Payer;
    let count = 0;

    before(async () => {
      rig = await openPricedLedger(await open());
      ledger = rig.ledger;
    });
    after(() => ledger.database.close());
    beforeEach(async () => {
      who = await rig.payer({}, "0.01");
    });

    /** A gpu at 3 a unit, and memory at the volume tiers 10 and 5. */
    const gpu = { line: "gpu", meter: "units", dimensions: {} };
    const memory = { line: "memory", meter: "volume", dimensions: {} };

    function request(gpuUnits: bigint, memoryUnits: bigint) {
      const { provider, spender } = who;
      const lines = [
        { ...gpu, quantity: gpuUnits },
        { ...memory, quantity: memoryUnits },
      ];
      return { provider, spender, id: `lines-${name}-${count++}`, lines, ttlSeconds: 600 };
    }

    async function held(gpuUnits: bigint, memoryUnits: bigint) {
      const asked = request(gpuUnits, memoryUnits);
      const outcome = await ledger.holds.authorize(asked);
      if (outcome.result !== "held") throw new Error(outcome.refusal.reason);
      return { asked, key: { provider: asked.provider, id: asked.id }, hold: outcome.hold };
    }

    const takes = (id: string, gpuUnits: bigint, memoryUnits: bigint): readonly LineCapture[] => [
      { line: "gpu", eventId: `${id}/gpu-${count++}`, quantity: gpuUnits },
      { line: "memory", eventId: `${id}/memory-${count++}`, quantity: memoryUnits },
    ];

    async function balance(account: Address = who.account) {
      const { spent, held: heldNow } = await ledger.accounts.balance(account);
      return { spent, held: heldNow };
    }

    /** From now on, a unit costs this much. */
    async function newPrice(microCredits: bigint) {
      await insertCard(ledger.database, {
        provider: who.provider,
        rates: [fixedRate({ microCredits })],
        effectiveFrom: new Date(Date.now() - 1_000),
      });
    }

    /** Another server on the same database, which remembers nothing. */
    const otherServer = () =>
      createHoldStore(
        ledger.database,
        { feeBps: RULES.feeBps, maxOpenHolds: 5 },
        ledger.priceReader,
      );

    it("reserves each line at its own rate, and repeats the same hold for the same request", async () => {
      const { asked, key, hold } = await held(10n, 20n);
      expect(
        linesOf(hold).map(({ line, heldMicros: micros, quantity }) => [line, quantity, micros]),
      ).to.deep.equal([
        ["gpu", 10n, 30n],
        ["memory", 20n, 200n],
      ]);
      expect(await balance()).to.deep.equal({ spent: 0n, held: 230n });
      expect(await ledger.holds.find(key)).to.deep.equal(hold);
      expect(await ledger.holds.authorize(asked)).to.deep.equal({
        result: "held",
        hold,
        repeated: true,
        remainingMicros: null,
      });
      const reversed = { ...asked, lines: asked.lines.toReversed() };
      expect(said(await ledger.holds.authorize(reversed))).to.equal("hold_id_conflict");
    });

    it("reserves none if one cannot be paid, and names it", async () => {
      const outcome = await ledger.holds.authorize(request(100n, 1_000_000n));
      expect(outcome).to.have.nested.property("refusal.reason", "insufficient_credits");
      expect(outcome).to.have.nested.property("refusal.line", "memory");
      const unknown = request(1n, 1n);
      const lines = [...unknown.lines, { ...gpu, line: "other", meter: "no-such", quantity: 1n }];
      expect(await ledger.holds.authorize({ ...unknown, lines })).to.have.deep.property("refusal", {
        reason: "unknown_meter",
        line: "other",
      });
      const { provider: stranger } = await rig.payer({}, "0.01");
      // Nobody signed an allowance for this spender, which the stranger does not learn.
      const spender = party(77_001);
      const asked = { ...request(1n, 1n), provider: stranger, spender: pad(spender) };
      expect(await ledger.holds.authorize(asked)).to.have.deep.property("refusal", {
        reason: "access_not_granted",
        line: "gpu",
      });
      expect(await balance()).to.deep.equal({ spent: 0n, held: 0n });
    });

    it("captures lines together, each as an event of its own, in parts", async () => {
      const { key } = await held(10n, 20n);
      const first = { ...key, lines: takes(key.id, 4n, 5n), final: false };
      const outcome = await ledger.holds.capture(first);
      if (outcome.result !== "captured") throw new Error(outcome.refusal.reason);
      expect(outcome.lines.map(({ line, debit }) => [line, debit.costMicros])).to.deep.equal([
        ["gpu", 12n],
        ["memory", 50n],
      ]);
      expect(outcome.debit.costMicros).to.equal(62n);
      expect(await ledger.holds.capture(first)).to.have.nested.property("debit.repeated", true);
      expect(await balance()).to.deep.equal({ spent: 62n, held: 168n });

      // One line alone, on another server; then the rest returns from both.
      const [alone] = takes(key.id, 6n, 0n);
      if (alone === undefined) throw new Error("no line");
      const last = await otherServer().capture({ ...key, ...alone, final: true });
      expect(last).to.have.nested.property("debit.costMicros", 18n);
      expect(last).to.have.nested.property("hold.resolution.as", "captured");
      expect(await balance()).to.deep.equal({ spent: 80n, held: 0n });
      expect(await rig.used(who.account)).to.have.property(
        `${new Date().toISOString().slice(0, 7)} operator:volume`,
        5n,
      );
    });

    it("captures nothing if one line is short, unknown, or its event id in use", async () => {
      const { key } = await held(10n, 20n);
      const over = await ledger.holds.capture({
        ...key,
        lines: takes(key.id, 1n, 21n),
        final: true,
      });
      expect(over).to.have.deep.property("refusal", {
        reason: "capture_exceeds_hold",
        heldMicros: 200n,
        neededMicros: 210n,
        line: "memory",
      });
      const [one, other] = takes(key.id, 1n, 1n);
      if (one === undefined || other === undefined) throw new Error("no lines");
      const misnamed = { ...key, lines: [one, { ...other, line: "disk" }], final: true };
      expect(await ledger.holds.capture(misnamed)).to.have.deep.property("refusal", {
        reason: "hold_line_not_found",
        line: "disk",
        lines: ["gpu", "memory"],
      });
      expect(
        said(
          await ledger.holds.capture({ ...key, eventId: `${key.id}/x`, quantity: 1n, final: true }),
        ),
      ).to.equal("hold_line_not_found");
      await ledger.holds.capture({ ...key, ...one, final: false });
      for (const server of [ledger.holds, otherServer()]) {
        const mixed = { ...key, lines: [one, other], final: false };
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect(said(await server.capture(mixed))).to.equal("event_id_conflict");
      }
      expect(await balance()).to.deep.equal({ spent: 3n, held: 227n });
    });

    it("decides a group of holds, one with lines among them, in the order of the log", async () => {
      // The first in line pays for 3 micro-credits only: who gets them, the order decides.
      const sponsor = rig.newParty();
      await ledger.purchase(sponsor, "0.000045");
      await ledger.allow(sponsor, { spender: who.spender, priority: 0 });
      const asked = [request(5n, 1n), request(5n, 1n), request(5n, 1n)];
      await Promise.all(asked.map((one) => ledger.holds.authorize(one)));
      const order = await ledger.database.query<{ id: string; line: string }>(
        `select hold_id as id, line from (select hold_id, line, log_order from holds
           union all select hold_id, line, log_order from hold_lots) as logged
         where hold_id = any($1) order by log_order`,
        [asked.map(({ id }) => id)],
      );
      expect(order.map(({ id, line }) => `${id} ${line}`)).to.deep.equal(
        asked.flatMap(({ id }) => [`${id} gpu`, `${id} memory`]),
      );
      expect(await balance(sponsor)).to.deep.equal({ spent: 0n, held: 45n });
    });

    it("a void of one line's event gives back that line's cost and units", async () => {
      const { key } = await held(10n, 20n);
      const lines = takes(key.id, 10n, 20n);
      await ledger.holds.capture({ ...key, lines, final: true });
      const eventId = lines[1]?.eventId ?? "";
      expect(await ledger.usage.void({ provider: who.provider, id: eventId })).to.include({
        amountMicros: 200n,
      });
      expect(await balance()).to.deep.equal({ spent: 30n, held: 0n });
    });

    context("extended", () => {
      let extensions = 0;
      const extension = (
        key: { provider: Address; id: string },
        more: { ttlSeconds?: number; gpuUnits?: bigint },
      ) => ({
        ...key,
        extensionId: `more-${extensions++}`,
        ttlSeconds: more.ttlSeconds ?? null,
        lines: more.gpuUnits === undefined ? [] : [{ line: "gpu", quantity: more.gpuUnits }],
      });

      it("gets time from now, never less than it had, and once for each id", async () => {
        const { key, hold } = await held(10n, 20n);
        const shorter = await ledger.holds.extend(extension(key, { ttlSeconds: 1 }));
        expect(shorter).to.have.nested.property("hold.expiresAt");
        expect(shorter).to.have.deep.nested.property("hold.expiresAt", hold.expiresAt);
        const asked = extension(key, { ttlSeconds: 3_600 });
        const longer = await ledger.holds.extend(asked);
        if (longer.result !== "extended") throw new Error(longer.refusal.reason);
        expect(longer.hold.expiresAt.getTime() - hold.createdAt.getTime()).to.be.within(
          3_600_000,
          3_660_000,
        );
        expect(await ledger.holds.find(key)).to.deep.equal(longer.hold);
        expect(await ledger.holds.extend(asked)).to.deep.equal({
          ...longer,
          repeated: true,
          remainingMicros: null,
        });
        const conflict = await otherServer().extend({ ...asked, ttlSeconds: 3_601 });
        expect(said(conflict)).to.equal("extension_id_conflict");
      });

      it("adds units at the rate of now; a capture pays the older units first, and explains both", async () => {
        const { key } = await held(10n, 20n);
        await newPrice(7n);
        const outcome = await ledger.holds.extend(extension(key, { gpuUnits: 5n }));
        if (outcome.result !== "extended") throw new Error(outcome.refusal.reason);
        expect(await balance()).to.deep.equal({ spent: 0n, held: 265n });

        const captured = await ledger.holds.capture({
          ...key,
          line: "gpu",
          eventId: `${key.id}/both`,
          quantity: 12n,
          final: false,
        });
        expect(captured).to.have.nested.property("debit.costMicros", 44n);
        const remembered = captured.result === "captured" ? captured.hold : null;
        expect(await ledger.holds.find(key)).to.deep.equal(remembered);
        // Another server has read it anew.
        const last = await otherServer().capture({
          ...key,
          line: "gpu",
          eventId: `${key.id}/rest`,
          quantity: 3n,
          final: true,
        });
        expect(last).to.have.nested.property("debit.costMicros", 21n);
        expect(await balance()).to.deep.equal({ spent: 65n, held: 0n });
        const explained = await ledger.insight.explain({
          provider: who.provider,
          id: `${key.id}/both`,
        });
        expect(explained?.holdId).to.equal(key.id);
        const basis = explained?.parts[0]?.debit.priceBasis;
        expect(basis?.lots?.map(({ units, charges }) => [units, charges])).to.deep.equal([
          [10n, 1],
          [2n, 1],
        ]);
        const voided = await ledger.usage.void({ provider: who.provider, id: `${key.id}/both` });
        expect(voided).to.include({ amountMicros: 44n });
        expect(await balance()).to.deep.equal({ spent: 21n, held: 0n });
      });

      it("is paid by an account that does not pay the hold, if its own credits are used up", async () => {
        const { key } = await held(10n, 20n);
        const sponsor = rig.newParty();
        await ledger.purchase(sponsor, "0.001");
        await ledger.allow(sponsor, { spender: who.spender, priority: 200 });
        const outcome = await ledger.holds.extend(extension(key, { gpuUnits: 3_300n }));
        if (outcome.result !== "extended") throw new Error(outcome.refusal.reason);
        expect(outcome.hold.lots.at(-1)?.parts).to.deep.include.members([
          {
            account: who.account,
            allowance: outcome.hold.lots[0]?.parts[0]?.allowance,
            heldMicros: 9_770n,
          },
        ]);
        expect(await balance(sponsor)).to.deep.equal({ spent: 0n, held: 130n });
      });

      it("all or nothing: more than the account has adds no time", async () => {
        const { key, hold } = await held(10n, 20n);
        const outcome = await ledger.holds.extend(
          extension(key, { ttlSeconds: 3_600, gpuUnits: 1_000_000n }),
        );
        expect(outcome).to.have.nested.property("refusal.reason", "insufficient_credits");
        expect(await ledger.holds.find(key)).to.deep.equal(hold);
      });

      const refusals: readonly [
        why: string,
        reason: string,
        change: (key: { provider: Address; id: string }) => Promise<unknown>,
      ][] = [
        [
          "its account has requested a refund",
          "refund_requested",
          () =>
            ledger.chainEvents({
              type: "refund_requested",
              account: who.account,
              requestedMicros: 1n,
              unspentMicros: 10_000n,
              refundedMicros: 0n,
            }),
        ],
        [
          "its account has raised its counter",
          "allowance_revoked",
          () => ledger.chainEvents({ type: "counter_raised", account: who.account, counter: 1n }),
        ],
        [
          "its allowance was revoked",
          "allowance_revoked",
          async () => {
            const [allowance] = await ledger.allowances.ofAccount(who.account);
            await ledger.allowances.revoke(allowance?.id ?? "0x", null);
          },
        ],
        [
          "its spender ended the provider's access",
          "access_not_granted",
          () => ledger.providers.revokeAccess({ spender: who.spender, provider: who.provider }),
        ],
        ["it was released", "hold_resolved", (key) => ledger.holds.release(key)],
      ];
      for (const [why, reason, change] of refusals) {
        it(`when ${why}: is refused time and units`, async () => {
          const { key } = await held(10n, 20n);
          await change(key);
          const before = await balance();
          for (const server of [ledger.holds, otherServer()]) {
            for (const more of [{ ttlSeconds: 3_600 }, { gpuUnits: 1n }]) {
              // oxlint-disable-next-line no-await-in-loop -- one after the other
              expect(said(await server.extend(extension(key, more)))).to.equal(reason);
            }
          }
          expect(await balance()).to.deep.equal(before);
        });
      }

      it("refuses a line that it lacks, a hold that nobody opened, and more than it may hold", async () => {
        const { key } = await held(1n, 1n);
        const unknown = { ...extension(key, {}), lines: [{ line: "disk", quantity: 1n }] };
        expect(said(await ledger.holds.extend(unknown))).to.equal("hold_line_not_found");
        const nothing = extension({ ...key, id: "nothing" }, { ttlSeconds: 1 });
        expect(said(await ledger.holds.extend(nothing))).to.equal("hold_not_found");

        const ten = Array.from({ length: 10 }, (_, n) => ({ ...gpu, line: `${n}`, quantity: 1n }));
        const wide = { ...request(1n, 1n), lines: ten };
        await ledger.holds.authorize(wide);
        const addTen = () =>
          ledger.holds.extend({
            ...extension({ provider: who.provider, id: wide.id }, {}),
            lines: ten.map(({ line }) => ({ line, quantity: 1n })),
          });
        for (let lots = 10; lots < HOLDS.lots.most; lots += 10) {
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          expect(said(await addTen())).to.equal("extended");
        }
        expect(said(await addTen())).to.equal("too_many_extensions");
        const lines = ten.map(({ line }) => ({
          line,
          eventId: `${wide.id}/${line}`,
          quantity: 10n,
        }));
        const all = { provider: who.provider, id: wide.id, lines, final: true };
        expect(await ledger.holds.capture(all)).to.have.nested.property("debit.costMicros", 300n);
      });

      it("when the period has changed since: a void gives back to the period of each part", async () => {
        const small = await rig.payer({ limit: 1_000n, period: 3_600n }, "0.01");
        who = small;
        const { key } = await held(10n, 1n);
        for (const [table, column] of [
          ["holds", "created_at"],
          ["hold_lots", "held_at"],
        ]) {
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          await ledger.database.query(
            `update ${table} set ${column} = ${column} - interval '1 hour' where hold_id = $1`,
            [key.id],
          );
        }
        const usageOf = async (spender: Hex) => {
          const all = await ledger.allowances.ofAccount(small.account);
          return all.find(({ message }) => message.spender === spender)?.usage;
        };
        await ledger.database.query(
          `update allowance_usage set period_index = period_index - 1 where id in
             (select id from signed_allowances where account = $1)`,
          [`\\x${small.account.slice(2)}`],
        );
        const server = otherServer();
        await server.extend(extension(key, { gpuUnits: 10n }));
        // 30 of the last period's budget, 30 of this one's.
        await server.capture({
          ...key,
          line: "gpu",
          eventId: `${key.id}/both`,
          quantity: 20n,
          final: true,
        });
        expect(await usageOf(small.spender)).to.include({ periodSpentMicros: 30n });
        await ledger.usage.void({ provider: who.provider, id: `${key.id}/both` });
        expect(await usageOf(small.spender)).to.include({ periodSpentMicros: 0n, spentMicros: 0n });
      });

      it("raced by a capture, a release and another extension on several servers: no credit is lost", async () => {
        const { key } = await held(10n, 20n);
        const servers = [ledger.holds, otherServer(), otherServer()];
        const outcomes = await Promise.all(
          servers.flatMap((server, index) => [
            server.extend(extension(key, { ttlSeconds: 700, gpuUnits: 2n })),
            server.capture({ ...key, lines: takes(key.id, 1n, 1n), final: index === 2 }),
            server.extend(extension(key, { gpuUnits: 3n })),
          ]),
        );
        const after = await ledger.holds.find(key);
        if (after === null) throw new Error("no hold");
        const costs = outcomes.map((one) =>
          one.result === "captured" ? one.debit.costMicros : 0n,
        );
        const spent = costs.reduce((sum, cost) => sum + cost, 0n);
        expect(await balance()).to.deep.equal({ spent, held: heldMicros(after) });
        expect(capturedMicros(after)).to.equal(spent);
        expect(new Set(outcomes.map(said))).to.satisfy((all: Set<string>) =>
          [...all].every((one) => ["extended", "captured", "hold_resolved"].includes(one)),
        );
      });
    });
  });
}
