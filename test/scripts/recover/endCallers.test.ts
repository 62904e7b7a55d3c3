import { expect } from "chai";
import { type Hex, zeroAddress } from "viem";

import { endCallers } from "../../../scripts/recover/endCallers.ts";
import { createViewKeyStore } from "../../../server/stores/keys/postgresViewKeyStore.ts";
import { createSessionStore } from "../../../server/stores/sessions/postgresSessionStore.ts";
import { databaseKinds } from "../../fixtures/databases.ts";

const keyHash: Hex = `0x${"11".repeat(32)}`;

for (const { name, open } of databaseKinds) {
  describe(`callers after a recovery on ${name}`, () => {
    it("sign in again, and issue other view keys", async () => {
      const database = await open();
      try {
        const [sessions, viewKeys] = [createSessionStore(database), createViewKeyStore(database)];
        const expiresAt = new Date(Date.now() + 3_600_000);
        const nonce: Hex = `0x${"22".repeat(16)}`;
        const session = { address: zeroAddress, label: "", expiresAt, nonce };
        const opened = await sessions.open({ ...session, nonceExpiresAt: expiresAt });
        const key = { account: zeroAddress, keyHash, expiresAt };
        await viewKeys.add(key);
        const secret = await sessions.nonceSecret();

        await endCallers(database);

        expect(await sessions.find(opened?.token ?? "")).to.equal(null);
        expect((await viewKeys.find(keyHash))?.isRevoked).to.equal(true);
        expect(await viewKeys.add(key)).to.deep.equal({ result: "refused", reason: "key_revoked" });
        expect(await createSessionStore(database).nonceSecret()).not.to.equal(secret);
      } finally {
        await database.close();
      }
    });
  });
}
