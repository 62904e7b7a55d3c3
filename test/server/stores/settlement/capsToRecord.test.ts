import { expect } from "chai";
import { type Address, maxUint64 } from "viem";

import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, emptyLedger, party } from "../../../fixtures/ledger.ts";
import type { Database } from "@compute-credits/platform/postgres/database";

for (const { name, open } of databaseKinds) {
  describe(`caps to record on ${name}`, () => {
    let database: Database;
    let ledger: Ledger;

    before(async () => {
      database = await open();
    });
    beforeEach(async () => {
      ledger = await emptyLedger(database);
    });
    after(() => database.close());

    /** Creates a contract wallet that has bought so many micro-credits. */
    async function wallet(n: number, micros: number): Promise<Address> {
      await ledger.purchase(party(n), `${micros / 1_000_000}`);
      return party(n);
    }

    const cap = (account: Address, accountCap: bigint = maxUint64, fields: object = {}) =>
      ledger.allow(account, { ...fields, accountCap, byContract: true });

    async function due(limit = 10, worthMicros = 1n): Promise<bigint[]> {
      const caps = await ledger.disputes.capsToRecord({ limit, worthMicros });
      return caps.map(({ message }) => BigInt(message.account) - BigInt(party(0)));
    }

    it("are one of each account, those that make the most credits spendable first", async () => {
      await cap(await wallet(1, 100));
      await cap(await wallet(2, 300));
      // A high cap is worth no more than the credits, and many credits no more than the cap.
      const rich = await wallet(3, 1_000);
      await cap(rich, 10n);
      await cap(rich, 200n);
      await cap(rich, 150n);
      expect(await due()).to.deep.equal([2n, 3n, 1n]);
      expect(await due(2)).to.deep.equal([2n, 3n]);
      expect(await due(10, 200n)).to.deep.equal([2n, 3n]);
      const [, ofRich] = await ledger.disputes.capsToRecord({ limit: 2, worthMicros: 1n });
      expect(ofRich?.message.accountCap).to.equal(200n);
    });

    it("are none of keys, of void allowances, and of what is on record", async () => {
      await ledger.allow(await wallet(1, 100));
      await cap(await wallet(2, 100), maxUint64, { expiresAt: 1n });
      const { id } = await cap(await wallet(3, 100));
      await ledger.allowances.revoke(id, "0x00");
      const counted = await wallet(4, 100);
      await cap(counted);
      await ledger.chainEvents({ type: "counter_raised", account: counted, counter: 1n });
      const recorded = await wallet(5, 100);
      await cap(recorded);
      const record = (accountCapMicros: bigint) =>
        ledger.chainEvents({
          type: "cap_recorded",
          account: recorded,
          counter: 0n,
          accountCapMicros,
        });
      await record(40n);
      expect(await due()).to.deep.equal([5n]);
      expect(await due(10, 61n)).to.deep.equal([]);
      await record(100n);
      expect(await due()).to.deep.equal([]);
    });

    it("wait for twice as long after each failure, with all of their account", async () => {
      const failing = await wallet(1, 900);
      const { id: best } = await cap(failing, 900n);
      const { id: second } = await cap(failing, 800n);
      await cap(await wallet(2, 100));
      expect(await due(1)).to.deep.equal([1n]);
      await ledger.disputes.noteCapAttempt(best, "failed");
      expect(await due(1)).to.deep.equal([2n]);

      const pauses: number[] = [];
      const pauseOf = async (id: string) => {
        const [row] = await database.query<{ seconds: number }>(
          `select round(extract(epoch from retry_at - clock_timestamp()))::integer as seconds
           from cap_attempts where allowance = decode($1, 'hex')`,
          [id.slice(2)],
        );
        return Number(row?.seconds);
      };
      pauses.push(await pauseOf(best));
      await database.query("update cap_attempts set retry_at = clock_timestamp()");
      // The other allowance has failed less often.
      const [next] = await ledger.disputes.capsToRecord({ limit: 1, worthMicros: 1n });
      expect(next?.id).to.equal(second);
      await ledger.disputes.noteCapAttempt(second, "failed");
      pauses.push(await pauseOf(second));
      for (let n = 0; n < 20; n++) {
        // oxlint-disable-next-line no-await-in-loop -- one failure after another
        await ledger.disputes.noteCapAttempt(best, "failed");
      }
      pauses.push(await pauseOf(best));
      expect(pauses).to.deep.equal([60, 120, 86_400]);
    });

    it("wait alone after they were sent, until that is confirmed", async () => {
      const account = await wallet(1, 900);
      const { id } = await cap(account, 100n);
      await ledger.disputes.noteCapAttempt(id, "recorded");
      expect(await due()).to.deep.equal([]);
      await cap(account, 50n);
      expect(await due()).to.deep.equal([1n]);
    });
  });
}
