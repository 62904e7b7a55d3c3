import { expect } from "chai";

import { capturedMicros, heldMicros } from "@compute-credits/rules/holds/hold";
import type { ExtendOutcome } from "@compute-credits/rules/holds/outcome";
import type { HoldKey } from "@compute-credits/rules/holds/requests";
import { createHoldStore } from "../../../../server/stores/holds/postgresHoldStore.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { repeated } from "../../../fixtures/effort.ts";
import { type Ledger, RULES } from "../../../fixtures/ledger.ts";
import { type Payer, openPricedLedger } from "../../../fixtures/pricedLedger.ts";

const TTL_SECONDS = 300;
const ROUNDS = repeated(8);

/** The result, or the reason of a refusal. */
const said = (outcome: { result: string; refusal?: { reason: string } }) =>
  outcome.refusal?.reason ?? outcome.result;

/** An extension adds a lot to the two of the hold, or nothing. */
function assertExtended(outcome: ExtendOutcome, lots: number): void {
  expect(lots).to.equal(outcome.result === "extended" ? 3 : 2);
}

for (const { name, open } of databaseKinds) {
  describe(`an extension that is raced, with two servers on ${name}`, () => {
    let rig: Awaited<ReturnType<typeof openPricedLedger>>;
    let ledger: Ledger;
    let count = 0;

    before(async () => {
      rig = await openPricedLedger(await open());
      ledger = rig.ledger;
    });
    after(() => ledger.database.close());

    const server = () =>
      createHoldStore(ledger.database, { ...RULES, maxOpenHolds: 5 }, ledger.priceReader);

    /** Of two lines, 3 micro-credits a unit each. */
    async function held() {
      const who = await rig.payer({}, "0.01");
      const key = { provider: who.provider, id: `race-${name}-${count++}` };
      const lines = ["a", "b"].map((line) => ({
        line,
        meter: "units",
        dimensions: {},
        quantity: 10n,
      }));
      const { spender } = who;
      const asked = { ...key, spender, lines, ttlSeconds: 60 };
      const outcome = await ledger.holds.authorize(asked);
      if (outcome.result !== "held") throw new Error(outcome.refusal.reason);
      return { who, key, before: outcome.hold };
    }

    /** More time, and 5 units of the first line. */
    const more = (key: HoldKey) => ({
      ...key,
      extensionId: `more-${count++}`,
      ttlSeconds: TTL_SECONDS,
      lines: [{ line: "a", quantity: 5n }],
    });

    /** Ends what is open and checks that nothing stays on hold. Returns the hold before that. */
    async function settle(who: Payer, key: HoldKey) {
      const hold = await ledger.holds.find(key);
      if (hold === null) throw new Error("the hold is gone");
      const { held: heldNow, spent } = await ledger.accounts.balance(who.account);
      expect(heldNow, "what is on hold").to.equal(heldMicros(hold));
      expect(spent, "what was captured").to.equal(capturedMicros(hold));
      if (hold.resolution === null) await server().release(key);
      const { held: left } = await ledger.accounts.balance(who.account);
      expect(left, "what is left on hold").to.equal(0n);
      return hold;
    }

    it("by its end: it is extended, or it has expired, never both", async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const { who, key } = await held();
        for (const table of ["holds", "open_holds"]) {
          await ledger.database.query(
            `update ${table} set expires_at = clock_timestamp() + make_interval(secs => $2)
             where hold_id = $1`,
            [key.id, round / 100],
          );
        }
        const other = server();
        const [outcome] = await Promise.all([
          server().extend(more(key)),
          ...Array.from({ length: 4 }, () => other.expireDue(100)),
        ]);
        expect(["extended", "hold_resolved"]).to.include(said(outcome));
        if (outcome.result === "refused") await other.expireDue(100);
        const hold = await settle(who, key);
        expect(hold.resolution?.as ?? null).to.equal(
          outcome.result === "extended" ? null : "expired",
        );
        assertExtended(outcome, hold.lots.length);
      }
    });

    it("by a refund request: no credit stays on hold for longer than it could before it", async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const { who, key, before } = await held();
        const { account } = who;
        const [outcome] = await Promise.all([
          server().extend(more(key)),
          ledger.chainEvents({
            type: "refund_requested",
            account,
            requestedMicros: 10_000n,
            unspentMicros: 10_000n,
            refundedMicros: 0n,
          }),
        ]);
        const arrivedBy = Date.now();
        // Without credits left the request may have set aside what the units would have cost.
        expect(["extended", "refund_requested", "insufficient_credits"]).to.include(said(outcome));
        expect(said(await server().extend(more(key)))).to.equal("refund_requested");
        const hold = await settle(who, key);
        assertExtended(outcome, hold.lots.length);
        const latest = outcome.result === "extended" ? arrivedBy + TTL_SECONDS * 1_000 : 0;
        expect(hold.expiresAt.getTime()).to.be.at.most(
          Math.max(latest, before.expiresAt.getTime()),
        );
        const { refunding, refundWaiting } = await ledger.accounts.balance(account);
        expect({ refunding, refundWaiting }).to.deep.equal({
          refunding: 10_000n,
          refundWaiting: 0n,
        });
      }
    });

    it("by a risen counter: it comes before it, or is refused, and so is the next", async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const { who, key } = await held();
        const [outcome] = await Promise.all([
          server().extend(more(key)),
          ledger.chainEvents({ type: "counter_raised", account: who.account, counter: 1n }),
        ]);
        expect(["extended", "allowance_revoked"]).to.include(said(outcome));
        expect(said(await server().extend(more(key)))).to.equal("allowance_revoked");
        assertExtended(outcome, (await settle(who, key)).lots.length);
      }
    });

    for (const final of [false, true]) {
      const what = final ? "the last capture" : "a capture";
      it(`by ${what} of all lines: both happen in one order, and the lines are whole`, async () => {
        for (let round = 0; round < ROUNDS; round++) {
          const { who, key } = await held();
          const lines = ["a", "b"].map((line) => ({
            line,
            eventId: `${key.id}/${line}`,
            quantity: line === "a" ? 12n : 10n,
          }));
          const [outcome, captured] = await Promise.all([
            server().extend(more(key)),
            server().capture({ ...key, lines, final }),
          ]);
          // 12 units of the line are there once it is extended.
          const isFirst = captured.result === "captured";
          if (isFirst) expect(said(outcome)).to.equal("extended");
          else expect(said(captured)).to.equal("capture_exceeds_hold");
          expect(said(outcome)).to.equal("extended");
          const hold = await settle(who, key);
          assertExtended(outcome, hold.lots.length);
          expect(capturedMicros(hold)).to.equal(isFirst ? 66n : 0n);
          expect(hold.lots.map(({ capturedQuantity }) => capturedQuantity)).to.deep.equal(
            isFirst ? [10n, 10n, 2n] : [0n, 0n, 0n],
          );
          expect(hold.resolution?.as ?? null).to.equal(isFirst && final ? "captured" : null);
        }
      });
    }
  });
}
