import { expect } from "chai";
import { type Hex, zeroAddress } from "viem";

import type { Database } from "@compute-credits/platform/postgres/database";
import { createLastUses } from "../../../../server/stores/keys/lastUses.ts";
import { createKeyDetailStore } from "../../../../server/stores/keys/postgresKeyDetailStore.ts";
import { createViewKeyStore } from "../../../../server/stores/keys/postgresViewKeyStore.ts";
import { VIEW_KEYS } from "../../../../server/stores/keys/viewKeyStore.ts";
import { createSessionStore } from "../../../../server/stores/sessions/postgresSessionStore.ts";
import { callersWorker } from "../../../../server/workers/sessions/callersWorker.ts";
import { bothDatabases } from "../../../fixtures/databases.ts";

const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS);
const hash = (byte: string): Hex => `0x${byte.repeat(32)}`;

for (const { name, open } of bothDatabases) {
  describe(`the worker of callers on ${name}`, () => {
    let database: Database;

    before(async () => {
      database = await open();
    });
    after(() => database.close());

    it("deletes what expired, and writes last uses", async () => {
      const sessions = createSessionStore(database);
      const viewKeys = createViewKeyStore(database);
      const details = createKeyDetailStore(database, database);
      const keyUses = createLastUses((uses) => details.recordUses(uses));
      const sessionUses = createLastUses((uses) => sessions.recordUses(uses));
      const worker = callersWorker({ sessions, viewKeys, keyUses, sessionUses });

      const openSession = async (byte: string, expiresAt: Date) =>
        await sessions.open({
          address: zeroAddress,
          label: "",
          expiresAt,
          nonce: `0x${byte.repeat(16)}`,
          nonceExpiresAt: expiresAt,
        });
      const kept = await openSession("11", inDays(1));
      await openSession("22", inDays(-1));
      if (kept === null) throw new Error("no session");

      const longAgo = inDays(-VIEW_KEYS.keptSeconds / 86_400 - 1);
      for (const [byte, expiresAt] of [
        ["aa", inDays(1)],
        ["bb", inDays(-1)],
        ["cc", longAgo],
      ] as const) {
        // oxlint-disable-next-line no-await-in-loop -- three keys
        await viewKeys.add({ account: zeroAddress, keyHash: hash(byte), expiresAt });
        // oxlint-disable-next-line no-await-in-loop -- three keys
        await details.setLabel(hash(byte), byte);
      }
      keyUses.note(hash("aa"));
      sessionUses.note(kept.session.id);

      expect(await worker.step()).to.equal("done");

      const counts = await database.query(
        `select (select count(*) from sessions) as sessions,
           (select count(*) from used_nonces) as nonces,
           (select count(*) from view_keys) as keys,
           (select count(*) from key_details) as details`,
      );
      expect(counts).to.deep.equal([{ sessions: 1n, nonces: 1n, keys: 2n, details: 2n }]);
      const [session] = await sessions.ofAddress(zeroAddress);
      expect(session?.id).to.equal(kept.session.id);
      expect(session?.usedAt.getTime()).to.be.at.least(kept.session.usedAt.getTime());
      const listed = await details.ofWallet(zeroAddress);
      expect(listed.map(({ label, isOpen }) => [label, isOpen])).to.deep.equal([
        ["aa", true],
        ["bb", false],
      ]);
      const [used] = listed;
      expect(used?.usedAt).to.be.an.instanceOf(Date);
      expect(listed[1]?.usedAt).to.equal(null);
    });
  });
}
