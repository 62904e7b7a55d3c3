import { expect } from "chai";

import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import type { Database } from "@compute-credits/platform/postgres/database";
import { databaseKinds } from "../../fixtures/databases.ts";
import { answerWhileEveryLockIsHeld } from "../../fixtures/everyLockHeld.ts";
import { type Ledger, emptyLedger, hashOf, party } from "../../fixtures/ledger.ts";
import { type LedgerServer, serveLedger } from "../../fixtures/ledgerServer.ts";

const [payer, provider, stranger] = [party(1), party(2), party(3)];

// PGlite has one connection, so no transaction waits for another.
const server = databaseKinds.find(({ name }) => name === "PostgreSQL");

describe("requests that change nothing, while every lock is held", () => {
  let database: Database;
  let ledger: Ledger;

  before(async () => {
    if (server === undefined) throw new Error("PostgreSQL is missing from databaseKinds");
    database = await server.open();
  });
  beforeEach(async () => {
    ledger = await emptyLedger(database);
    await ledger.purchase(payer, "1");
  });
  after(() => database.close());

  const answered = <T>(request: () => Promise<T>, names: readonly string[] = []) =>
    answerWhileEveryLockIsHeld(database, request, { names });

  context("when the access of a provider is revoked", () => {
    it("answers if it was never granted", async () => {
      const { spender } = (await ledger.allow(payer)).message;
      const revoked = await answered(() => ledger.providers.revokeAccess({ spender, provider }));
      expect(revoked).to.equal(null);
    });

    it("answers again if it was revoked before", async () => {
      const { spender } = (await ledger.allow(payer)).message;
      await ledger.grantAccess(spender, provider);
      const first = await ledger.providers.revokeAccess({ spender, provider });
      const again = await answered(() => ledger.providers.revokeAccess({ spender, provider }));
      expect(first).to.be.instanceOf(Date);
      expect(again).to.deep.equal(first);
    });
  });

  context("when a provider shows an access that it has", () => {
    it("answers as the first time", async () => {
      const access = { spender: apiKeySpender("somebody's"), provider };
      await ledger.providers.grantAccess(access);
      expect(await answered(() => ledger.providers.grantAccess(access))).to.equal(true);
      await ledger.providers.revokeAccess(access);
      expect(await answered(() => ledger.providers.grantAccess(access))).to.equal(false);
    });
  });

  context("when a provider's key is registered or revoked again", () => {
    const keyHash = hashOf("key");

    it("answers as before", async () => {
      await ledger.providers.addKey({ provider, keyHash });
      const add = (of: typeof provider) => ledger.providers.addKey({ provider: of, keyHash });
      expect(await answered(() => add(provider))).to.equal("added");
      expect(await answered(() => add(stranger))).to.equal("taken");

      const revoked = await ledger.providers.revokeKey({ provider, keyHash });
      const again = () => ledger.providers.revokeKey({ provider, keyHash });
      expect(revoked).to.be.instanceOf(Date);
      expect(await answered(again)).to.deep.equal(revoked);
      expect(await answered(() => add(provider))).to.equal("revoked");
    });

    it("answers if the provider has no such key", async () => {
      await ledger.providers.addKey({ provider, keyHash });
      const revoke = (key: { provider: typeof provider; keyHash: typeof keyHash }) =>
        answered(() => ledger.providers.revokeKey(key));
      expect(await revoke({ provider: stranger, keyHash })).to.equal(null);
      expect(await revoke({ provider, keyHash: hashOf("unknown") })).to.equal(null);
    });
  });

  context("when a stored allowance is sent again", () => {
    it("answers with the stored one", async () => {
      const stored = await ledger.allow(payer);
      const { id, message, scope, signature } = stored;
      const again = await answered(() => ledger.allowances.add({ id, message, scope, signature }));
      expect(again).to.deep.equal(stored);
    });
  });

  context("when an allowance is revoked", () => {
    it("answers if it is unknown", async () => {
      const unknown = hashOf("unknown");
      expect(await answered(() => ledger.allowances.revoke(unknown, "0x00"))).to.equal(null);
    });

    it("answers again if it was revoked before", async () => {
      const { id } = await ledger.allow(payer);
      const first = await ledger.allowances.revoke(id, "0x00");
      expect(first?.revokedAt).to.be.instanceOf(Date);
      expect(await answered(() => ledger.allowances.revoke(id, "0x00"))).to.deep.equal(first);
    });
  });

  context("when it comes over HTTP", () => {
    let http: LedgerServer;
    beforeEach(async () => {
      http = await serveLedger(ledger);
    });
    afterEach(() => http.stop());

    it("answers a revocation of an access that never was", async () => {
      const apiKey = createApiKey();
      await ledger.allow(payer, { spender: apiKeySpender(apiKey) });
      const answer = await answered(() =>
        http.request("/v1/provider-access/revocation", { body: { provider, apiKey } }),
      );
      expect(answer.status).to.equal(404);
      expect(answer.document).to.include({ reason: "access_not_found" });
    });
  });
});
