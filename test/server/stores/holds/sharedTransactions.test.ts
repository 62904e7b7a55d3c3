import { expect } from "chai";
import type { Address, Hex } from "viem";

import type { HoldRequest } from "@compute-credits/rules/holds/authorize";
import type { Database } from "@compute-credits/platform/postgres/database";
import { createHoldStore } from "../../../../server/stores/holds/postgresHoldStore.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, RULES, hashOf, openLedger, party } from "../../../fixtures/ledger.ts";

const [provider, stranger] = [party(3_000), party(3_001)];
let accountCount = 3_100;
let holdCount = 0;

/** The result, or the reason of a refusal. */
const said = (outcome: { result: string; refusal?: { reason: string } }) =>
  outcome.refusal?.reason ?? outcome.result;

for (const { name, open } of databaseKinds) {
  describe(`holds that share transactions on ${name}`, () => {
    let database: Database;
    let ledger: Ledger;
    let account: Address;
    let spender: Hex;

    before(async () => {
      database = await open();
      ledger = await openLedger(database);
    });
    after(() => database.close());
    beforeEach(async () => {
      account = party(accountCount++);
      await ledger.purchase(account, "1");
      ({
        message: { spender },
      } = await ledger.allow(account));
      await ledger.grantAccess(spender, provider);
    });

    function request(quantity: bigint, fields: Partial<HoldRequest> = {}): HoldRequest {
      const id = `shared-${name}-${holdCount++}`;
      const work = { meter: "units", dimensions: {}, ttlSeconds: 600 };
      return { provider, id, spender, quantity, ...work, ...fields };
    }

    /** Another server on the same database, which remembers nothing. */
    const otherServer = () =>
      createHoldStore(database, { feeBps: RULES.feeBps, maxOpenHolds: 5 }, ledger.priceReader);

    async function balance() {
      const { spent, held } = await ledger.accounts.balance(account);
      return { spent, held };
    }

    it("answers each new hold of a group by itself, with one commit for all", async () => {
      const twice = request(10n);
      const requests = [
        request(600_000n),
        request(600_000n),
        request(1n, { meter: "unknown" }),
        request(1n, { spender: hashOf("nobody") }),
        request(1n, { provider: stranger }),
        twice,
        twice,
        { ...twice, quantity: 11n },
        request(20n),
      ];
      const outcomes = await Promise.all(requests.map((one) => ledger.holds.authorize(one)));
      expect(outcomes.map(said)).to.deep.equal([
        "held",
        "insufficient_credits",
        "unknown_meter",
        "access_not_granted",
        "access_not_granted",
        "held",
        "held",
        "hold_id_conflict",
        "held",
      ]);
      expect(outcomes.map((one) => one.result === "held" && one.repeated)).to.deep.equal(
        requests.map((one, index) => one === twice && index === 6),
      );
      expect(await balance()).to.deep.equal({ spent: 0n, held: 600_030n });
      const [written] = await database.query<{ commits: bigint }>(
        "select count(distinct transaction_id) as commits from holds where spender = $1",
        [`\\x${spender.slice(2)}`],
      );
      expect(written?.commits).to.equal(1n);
    });

    it("counts the open holds of a group towards the limit, and what ends in it", async () => {
      const first = await ledger.holds.authorize(request(1n));
      if (first.result !== "held") throw new Error("refused");
      const [ended, ...opened] = await Promise.all([
        ledger.holds.release(first.hold),
        ...Array.from({ length: 6 }, () => ledger.holds.authorize(request(1n))),
      ]);
      expect(said(ended)).to.equal("released");
      expect(opened.map(said)).to.deep.equal([
        ...Array.from({ length: 5 }, () => "held"),
        "too_many_holds",
      ]);
    });

    it("captures and releases of a group: charges each event once, then frees the rest", async () => {
      const [a, b] = [request(100n), request(100n)];
      await Promise.all([ledger.holds.authorize(a), ledger.holds.authorize(b)]);
      const capture = { ...a, eventId: `${a.id}/1`, quantity: 30n, final: false };
      const outcomes = await Promise.all([
        ledger.holds.capture(capture),
        ledger.holds.capture(capture),
        ledger.holds.capture({ ...capture, id: b.id }),
        ledger.holds.capture({ ...capture, eventId: `${a.id}/2`, quantity: 71n }),
        ledger.holds.capture({ ...capture, eventId: `${a.id}/3`, quantity: 70n }),
        ledger.holds.release(b),
        ledger.holds.release({ provider, id: "nothing" }),
      ]);
      expect(outcomes.map(said)).to.deep.equal([
        "captured",
        "captured",
        "event_id_conflict",
        "capture_exceeds_hold",
        "captured",
        "released",
        "hold_not_found",
      ]);
      expect(outcomes[1]).to.have.nested.property("debit.repeated", true);
      expect(await balance()).to.deep.equal({ spent: 100n, held: 0n });
    });

    it("when another server changed a remembered hold: decides on the hold as it is", async () => {
      const [a, b] = [request(100n), request(100n)];
      await Promise.all([ledger.holds.authorize(a), ledger.holds.authorize(b)]);
      const other = otherServer();
      await other.capture({ ...a, eventId: `${a.id}/1`, quantity: 60n, final: false });
      const released = await other.release(b);
      expect(released).to.have.deep.property("hold", await ledger.holds.find(b));
      const outcomes = await Promise.all([
        ledger.holds.capture({ ...a, eventId: `${a.id}/2`, quantity: 41n, final: true }),
        ledger.holds.capture({ ...a, eventId: `${a.id}/1`, quantity: 60n, final: false }),
        ledger.holds.capture({ ...b, eventId: `${b.id}/1`, quantity: 1n, final: true }),
        ledger.holds.release(b),
      ]);
      expect(outcomes.map(said)).to.deep.equal([
        "capture_exceeds_hold",
        "captured",
        "hold_resolved",
        "hold_resolved",
      ]);
      expect(await balance()).to.deep.equal({ spent: 60n, held: 40n });
    });

    it("rejects only the callers whose key was checked before the last revocation", async () => {
      const { accessRevocations: before } = await readRevocations();
      const other = hashOf("another spender");
      await ledger.grantAccess(other, stranger);
      await ledger.providers.revokeAccess({ spender: other, provider: stranger });
      const { accessRevocations: now } = await readRevocations();
      const held = request(5n);
      await ledger.holds.authorize(held);
      const outcomes = await Promise.allSettled([
        ledger.holds.authorize(request(1n), before),
        ledger.holds.authorize(request(2n), now),
        ledger.holds.release(held, before),
        ledger.holds.authorize(held, before),
      ]);
      expect(
        outcomes.map((one) => (one.status === "rejected" ? one.reason.name : said(one.value))),
      ).to.deep.equal(["StaleAccessError", "held", "StaleAccessError", "StaleAccessError"]);
      expect(await balance()).to.deep.equal({ spent: 0n, held: 7n });
    });

    async function readRevocations() {
      const [row] = await database.query<{ accessRevocations: bigint }>(
        'select count as "accessRevocations" from access_revocations',
      );
      if (row === undefined) throw new Error("no count");
      return row;
    }

    it("when a hold is captured, released and expired at once, ends it once", async () => {
      const held = request(100n);
      await ledger.holds.authorize(held);
      const servers = [ledger.holds, otherServer(), otherServer()];
      const outcomes = await Promise.all(
        servers.flatMap((server, index) => [
          server.capture({ ...held, eventId: `${held.id}/${index}`, quantity: 40n, final: true }),
          server.release(held),
        ]),
      );
      const ended = outcomes.map(said).filter((each) => each !== "hold_resolved");
      expect(ended).to.have.length(1);
      const spent = ended[0] === "captured" ? 40n : 0n;
      expect(await balance()).to.deep.equal({ spent, held: 0n });
    });
  });
}
