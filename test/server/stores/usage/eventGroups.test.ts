import { expect } from "chai";
import type { Address, Hex } from "viem";

import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import { withGroupCommit } from "../../../../server/stores/usage/groupCommit.ts";
import type { UsageLedger } from "../../../../server/stores/usage/usageLedger.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";

const provider = party(5_000);
let accountCount = 5_100;

const said = (outcome: UsageOutcome) =>
  outcome.result === "refused"
    ? outcome.refusal.reason
    : outcome.repeated
      ? "repeated"
      : outcome.result;

for (const { name, open } of databaseKinds) {
  describe(`groups of usage events on ${name}`, () => {
    let ledger: Ledger;
    let usage: UsageLedger;
    let account: Address;
    let spender: Hex;

    before(async () => {
      ledger = await openLedger(await open());
      usage = withGroupCommit(ledger.usage);
    });
    after(() => ledger.database.close());
    beforeEach(async () => {
      account = party(accountCount++);
      await ledger.purchase(account, "0.0001");
      ({
        message: { spender },
      } = await ledger.allow(account));
      await ledger.grantAccess(spender, provider);
    });

    const event = (quantity: bigint, fields: Partial<UsageEvent> = {}) =>
      usageEvent({ provider, spender, quantity, ...fields });
    const spent = async () => (await ledger.accounts.balance(account)).spent;

    it("are charged together, and repeated with their first outcomes", async () => {
      const group = { id: "job" };
      const events = [event(60n, { group }), event(40n, { group })];
      expect((await usage.record(events)).map(said)).to.deep.equal(["debited", "debited"]);
      const again = events.map((each) => ({ ...each, group: { id: "job" } }));
      expect((await usage.record(again)).map(said)).to.deep.equal(["repeated", "repeated"]);
      expect(await spent()).to.equal(100n);
    });

    it("with too little credit for the last, or an unknown meter: none is charged", async () => {
      const group = { id: "job" };
      const short = [event(60n, { group }), event(41n, { group })];
      const expected = ["group_refused", "insufficient_credits"];
      expect((await usage.record(short)).map(said)).to.deep.equal(expected);
      // The ledger has learnt that the spender is short.
      expect((await usage.record(short)).map(said)).to.deep.equal(expected);
      const unknown = [event(1n, { group }), event(1n, { group, meter: "no-such" })];
      expect((await usage.record(unknown)).map(said)).to.deep.equal([
        "group_refused",
        "unknown_meter",
      ]);
      expect(await spent()).to.equal(0n);
      const enough = short.map((each) => ({ ...each, quantity: 50n }));
      expect((await usage.record(enough)).map(said)).to.deep.equal(["debited", "debited"]);
    });

    it("with one that was charged before: it keeps its outcome, and the others stand or fall", async () => {
      const before = event(30n);
      await usage.record([before]);
      const group = { id: "job" };
      const known = { ...before, group };
      const falls = [known, event(1n, { group }), event(71n, { group })];
      expect((await usage.record(falls)).map(said)).to.deep.equal([
        "repeated",
        "group_refused",
        "insufficient_credits",
      ]);
      const conflict = [{ ...known, quantity: 31n }, event(1n, { group })];
      expect((await usage.record(conflict)).map(said)).to.deep.equal([
        "event_id_conflict",
        "group_refused",
      ]);
      const stands = [known, event(1n, { group }), event(69n, { group })];
      expect((await usage.record(stands)).map(said)).to.deep.equal([
        "repeated",
        "debited",
        "debited",
      ]);
      expect(await spent()).to.equal(100n);
    });

    it("that share a commit with others: no group is charged in part, nothing is overspent", async () => {
      const reports = Array.from({ length: 24 }, (_, n) => {
        // Every third stands alone; groups with one name in two reports are two groups.
        const group = n % 3 === 0 ? undefined : { id: `job-${n % 2}` };
        return [event(3n, { group }), event(5n, { group }), event(BigInt(n % 4), { group })];
      });
      const answers = await Promise.all(reports.map((events) => usage.record(events)));
      let sum = 0n;
      for (const [n, outcomes] of answers.entries()) {
        for (const outcome of outcomes) {
          if (outcome.result === "debited") sum += outcome.costMicros;
        }
        if (n % 3 === 0) continue;
        const charged = outcomes.filter(({ result }) => result === "debited").length;
        expect([0, 3]).to.include(charged);
      }
      expect(await spent()).to.equal(sum);
      expect(sum <= 100n).to.equal(true);
      expect(answers.flat().map(said)).to.include.members(["debited", "group_refused"]);
    });

    it("with an event that also stands alone: each is decided in its turn, however the group fares", async () => {
      const alone = event(5n);
      const group = { id: "job" };
      const failing = { ...alone, group };
      // The group's turn is that of its first event, before the event that stands alone.
      const first = [event(1n, { group, meter: "no-such" }), alone, failing];
      const expected = ["unknown_meter", "debited", "group_refused"];
      expect((await usage.record(first)).map(said)).to.deep.equal(expected);
      // Known now: it keeps its outcome in the group, too.
      expect((await usage.record(first)).map(said)).to.deep.equal([
        "unknown_meter",
        "repeated",
        "repeated",
      ]);
      const other = event(2n);
      const second = [other, event(3n, { group }), { ...other, group }];
      expect((await usage.record(second)).map(said)).to.deep.equal([
        "debited",
        "debited",
        "repeated",
      ]);
      const last = event(4n);
      // An event that stands alone after its group, and was decided before it because it is short.
      const third = [
        event(1n, { group }),
        { ...event(1_000_000n), id: last.id },
        { ...last, group },
      ];
      expect((await usage.record(third)).map(said)).to.deep.equal([
        "debited",
        "event_id_conflict",
        "debited",
      ]);
      expect(await spent()).to.equal(15n);
    });

    it("after events that use the credits up: the first that is refused then is named", async () => {
      const group = { id: "job" };
      const events = [
        event(90n),
        event(20n, { group }),
        event(1n, { group, meter: "no-such" }),
        event(10n),
      ];
      expect((await usage.record(events)).map(said)).to.deep.equal([
        "debited",
        "insufficient_credits",
        "group_refused",
        "debited",
      ]);
      expect(await spent()).to.equal(100n);
    });

    it("of a stranger: are refused without a debit, and the others of the report charged", async () => {
      const group = { id: "job" };
      const stranger = party(5_001);
      const events = [
        event(1n, { group, provider: stranger }),
        event(1n, { group, provider: stranger }),
        event(7n),
      ];
      expect((await usage.record(events)).map(said)).to.deep.equal([
        "access_not_granted",
        "group_refused",
        "debited",
      ]);
      expect(await spent()).to.equal(7n);
    });
  });
}
